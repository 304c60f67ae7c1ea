// stub_status: shows how busy the server is, in nginx's text, over all workers.
//
// Phase: content.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kStubStatus;

}  // namespace colmeia::modules
