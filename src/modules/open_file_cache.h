// open_file_cache: the directives that say for how long a worker believes what it knows of a file. Without them every
// look at a file is fresh. pipeline/open_file.h is what obeys them.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kOpenFileCache;

}  // namespace colmeia::modules
