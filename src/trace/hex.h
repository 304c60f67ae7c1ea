// A frame's bytes beside their meaning, field by field:
//
//   0000  63 6f 6c 6d              magic        "colm"
//   0004  01 00                    version      1
//   0006  08 00                    type         8 (Drain)
//
// Offset in hexadecimal, at most eight bytes a line, name, value. The descriptors that travelled beside the bytes
// follow, one a line, by name.
#pragma once

#include <string>
#include <string_view>

namespace colmeia::trace {

// Lines that end with a newline. Bytes that are no frame are shown without meaning, and it is said why.
[[nodiscard]] std::string Hex(std::string_view frame);

}  // namespace colmeia::trace
