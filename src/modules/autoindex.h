// autoindex: lists the folder that a path ending with a slash leads to.
//
// Phase: content, after index and before static_files.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kAutoindex;

}  // namespace colmeia::modules
