// Which block lacks its `}`: the braces of a file cannot tell, its indentation as a rule can.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "config/source.h"

namespace colmeia::config {

struct Unclosed {
  Span opener;             // from the block's name to its last argument
  std::uint32_t line = 0;  // before which its `}` is missing; 0 = nothing but the end of the file says so
};

// The blocks of `source` that are never closed, by the indentation of what follows them, in the order of the text.
// Empty when the indentation does not blame exactly `count` blocks: so many `}` are missing.
[[nodiscard]] std::vector<Unclosed> UnclosedByIndentation(const Source& source, std::size_t count);

}  // namespace colmeia::config
