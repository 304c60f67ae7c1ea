#include "config/invisible.h"

#include <fmt/format.h>

#include "util/control.h"
#include "util/utf8.h"

namespace colmeia::config {
namespace {

struct InvisibleRange {
  std::uint32_t first;
  std::uint32_t last;
  std::string_view name;
};
constexpr InvisibleRange kInvisible[] = {
    {0x0000, 0x0008, "control character"},
    {0x000b, 0x000c, "control character"},
    {0x000e, 0x001f, "control character"},
    {0x007f, 0x009f, "control character"},
    {0x00a0, 0x00a0, "no-break space"},
    {0x00ad, 0x00ad, "soft hyphen"},
    {0x034f, 0x034f, "combining grapheme joiner"},
    {0x061c, 0x061c, "arabic letter mark"},
    {0x115f, 0x1160, "hangul filler"},
    {0x1680, 0x1680, "ogham space mark"},
    {0x180e, 0x180e, "mongolian vowel separator"},
    {0x2000, 0x200a, "typographic space"},
    {0x200b, 0x200b, "zero width space"},
    {0x200c, 0x200c, "zero width non-joiner"},
    {0x200d, 0x200d, "zero width joiner"},
    {0x200e, 0x200f, "direction mark"},
    {0x2028, 0x2028, "line separator"},
    {0x2029, 0x2029, "paragraph separator"},
    {0x202a, 0x202e, "direction control"},
    {0x202f, 0x202f, "narrow no-break space"},
    {0x205f, 0x205f, "medium mathematical space"},
    {0x2060, 0x2060, "word joiner"},
    {0x2061, 0x206f, "format control"},
    {0x2800, 0x2800, "braille pattern blank"},
    {0x3000, 0x3000, "ideographic space"},
    {0x3164, 0x3164, "hangul filler"},
    {0xfe00, 0xfe0f, "variation selector"},
    {0xfeff, 0xfeff, "byte order mark"},
    {0xffa0, 0xffa0, "hangul filler"},
    {0xfff9, 0xfffb, "interlinear annotation"},
    {0xe0000, 0xe01ef, "tag"},
};

std::uint32_t CodePoint(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(character[i])); };
  if (character.size() == 1) return byte(0);
  std::uint32_t code = byte(0) & (0x7fU >> character.size());
  for (std::size_t i = 1; i < character.size(); ++i) code = code << 6U | (byte(i) & 0x3fU);
  return code;
}

}  // namespace

std::string Invisible::ToString() const { return fmt::format("U+{:04X} ({})", code, name); }

std::optional<Invisible> FindInvisible(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size();) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x80 && !util::IsControl(c)) {
      ++at;
      continue;
    }
    const std::size_t size = util::Utf8CharacterAt(text.substr(at));
    if (size == 0) {
      ++at;
      continue;
    }
    const std::uint32_t code = CodePoint(text.substr(at, size));
    for (const InvisibleRange& range : kInvisible) {
      if (code >= range.first && code <= range.last) return Invisible{at, size, code, range.name};
    }
    at += size;
  }
  return std::nullopt;
}

}  // namespace colmeia::config
