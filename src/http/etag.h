// Entity tags of RFC 9110 section 8.8.3. Tags are kept with their quotes and their W/ prefix, as they travel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace colmeia::http {

// What a file's tag is made of: nginx's directive etag, and two forms of ours.
enum class EtagForm : std::uint8_t {
  kOff,     // there is none
  kOn,      // modification time with its nanoseconds, and size; where that time says nothing, change time too
  kStrict,  // always with the change time, which no user can set
  kNginx,   // modification time in seconds, and size
};

// The facts of a file, times in seconds and nanoseconds since 1970.
struct FileVersion {
  std::int64_t modified_s = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_s = 0;
  std::int64_t changed_ns = 0;
  std::uint64_t size = 0;
};

// Whether the change time is a part of the tag. Builds that are to be reproducible set every modification time to 0 or
// 1, so that it tells nothing apart.
[[nodiscard]] constexpr bool TagHasChangeTime(const FileVersion& version, EtagForm form) {
  return form == EtagForm::kStrict || (form == EtagForm::kOn && (version.modified_s == 0 || version.modified_s == 1));
}

// What stands before the mark of a tag.
inline constexpr char kEtagMark = '~';

// "SECONDS.NANOSECONDS-SIZE-SECONDS.NANOSECONDS~MARK", in hexadecimal digits.
inline constexpr std::size_t kEtagSize = 1 + (16 + 1 + 8) + (1 + 16) + (1 + 16 + 1 + 8) + (1 + 16) + 1;

// `"65f1a2b3.1dcd6500-1c"`; nanoseconds that are 0 are left out, and then it is nginx's tag; with a change time
// `"1-1c-65f1a2b3.1dcd6500"`. A `mark` tells contents apart that the times cannot: `"65f1a2b3.1dcd6500-1c~9ae16a3b"`.
// Writes into `out` and returns a view of it. REQUIRES: `form` is not kOff.
std::string_view FormatEtag(const FileVersion& version, EtagForm form, std::optional<std::uint64_t> mark,
                            std::span<char, kEtagSize> out);

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
