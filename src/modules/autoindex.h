// autoindex: lists the folder that a path ending with a slash leads to.
//
// Phase: content, after index and before static_files.
#pragma once

#include "pipeline/module.h"

namespace colmeia::modules {

extern const pipeline::Module kAutoindex;

}  // namespace colmeia::modules
