// SizeValue: a size of the configuration that may be made of variables, as in `limit_rate $arg_rate;`.
//
// It is read once if it has none. pipeline/evaluate.h tells what it is worth for one exchange.
#pragma once

#include <cstdint>

#include "site/template.h"

namespace colmeia::site {

struct SizeValue {
  std::uint64_t bytes = 0;  // of a text without variables
  Template text;            // with variables; else empty

  [[nodiscard]] bool varies() const { return !text.constant(); }
  // No exchange finds anything else.
  [[nodiscard]] bool always_zero() const { return bytes == 0 && !varies(); }
};

}  // namespace colmeia::site
