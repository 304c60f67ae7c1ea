// Entity tags of RFC 9110 section 8.8.3. Tags are kept with their quotes and their W/ prefix, as they travel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <string_view>

namespace colmeia::http {

inline constexpr std::size_t kEtagSize = 1 + 16 + 1 + 16 + 1;  // "mtime-size", both at most 16 hexadecimal digits

// nginx's tag of a file: `"65f1a2b3-1c"`. Writes into `out` and returns a view of it.
std::string_view FormatEtag(std::time_t mtime, std::uint64_t size, std::span<char, kEtagSize> out);

[[nodiscard]] constexpr bool IsWeak(std::string_view etag) { return etag.starts_with("W/"); }

// RFC 9110 section 8.8.3.2: equal, and neither is weak.
[[nodiscard]] bool StrongMatch(std::string_view a, std::string_view b);
// Equal but for the W/ prefixes.
[[nodiscard]] bool WeakMatch(std::string_view a, std::string_view b);

enum class EtagComparison { kWeak, kStrong };

// Whether an If-Match or If-None-Match value names `etag`: "*" names any tag. A malformed list ends where it goes
// wrong.
[[nodiscard]] bool EtagListContains(std::string_view list, std::string_view etag, EtagComparison comparison);

}  // namespace colmeia::http
