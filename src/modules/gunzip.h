// Gunzip: what lies there as gzip is unpacked for clients that do not take it; for gzip_static always, above all.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kGunzip;

}  // namespace colmeia::modules
