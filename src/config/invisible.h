// Characters that are invisible in an editor: byte order marks, spaces that are not blanks to nginx, marks of zero
// width, control characters. In a configuration they make words that look right and are not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace colmeia::config {

// Where a character stands in a text, and which one it is.
struct Invisible {
  std::size_t offset = 0;
  std::size_t size = 0;    // in bytes
  std::uint32_t code = 0;  // its code point
  std::string_view name;   // as Unicode calls it, in lower case

  // "U+00A0 (no-break space)"
  [[nodiscard]] std::string ToString() const;
};

// The first one at or behind `from`. A space, tab, carriage return and line feed are none; what is not UTF-8 is passed
// over.
[[nodiscard]] std::optional<Invisible> FindInvisible(std::string_view text, std::size_t from = 0);

}  // namespace colmeia::config
