// Which block lacks its `}`, and which `}` is too many: the braces of a file cannot tell, its indentation as a rule
// can.
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

struct Surplus {
  Span brace;   // the `}` that nothing was opened for, as the eye sees it
  Span opener;  // of the block that it closes all the same, as the braces have it; empty when there is none
};

// The `}` of `source` that are too many, in the order of the text. Those that stand deeper than the block which they
// close are blamed if that explains every `}` that closes nothing, else the latter themselves.
[[nodiscard]] std::vector<Surplus> SurplusByIndentation(const Source& source);

}  // namespace colmeia::config
