// The step of `return`: answers at once with a status, a text or a redirection.
#pragma once

#include "modules/rewrite_program.h"
#include "pipeline/outcome.h"

namespace colmeia::modules {

[[nodiscard]] pipeline::Outcome Return(const ReturnStep& step, pipeline::Exchange& exchange);

}  // namespace colmeia::modules
