// static_files: answers with the file that the path leads to; a folder without a slash is redirected to the one with
// it.
//
// Phase: content, the last one to be asked. It has no directives: root, alias, types and their like are the core's.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kStaticFiles;

}  // namespace colmeia::modules
