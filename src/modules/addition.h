// addition: other places' answers before and after a response's body (add_before_body, add_after_body,
// addition_types), as nginx's ngx_http_addition_module.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kAddition;

}  // namespace colmeia::modules
