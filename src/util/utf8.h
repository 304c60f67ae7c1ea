// UTF-8 in bytes that may hold anything: finds where it is well-formed, and leaves the rest to the caller.
#pragma once

#include <cstddef>
#include <string_view>

namespace colmeia::util {

// The length of the well-formed UTF-8 character at the front of `text`, 0 when there is none (RFC 3629 section 4).
[[nodiscard]] std::size_t Utf8CharacterAt(std::string_view text);

// Whether a byte continues a character that began before it.
[[nodiscard]] constexpr bool IsUtf8Continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace colmeia::util
