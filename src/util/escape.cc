#include "util/escape.h"

#include <algorithm>
#include <cstring>

#include "util/control.h"
#include "util/utf8.h"

namespace colmeia::util {
namespace {

constexpr char kHexDigits[] = "0123456789ABCDEF";

// What is done with the character at the front of a text.
struct Fate {
  std::size_t size;  // of the character, in bytes
  bool stays;
};

// U+0080 to U+009F.
bool IsWideControl(std::string_view character) {
  return character.size() == 2 && static_cast<unsigned char>(character[0]) == 0xc2 &&
         static_cast<unsigned char>(character[1]) < 0xa0;
}

bool MindsQuotes(EscapeFor what) { return what != EscapeFor::kLine && what != EscapeFor::kCell; }

Fate FateOf(EscapeFor what, std::string_view text) {
  const char c = text.front();
  if (what == EscapeFor::kRaw) return {1, c != '\n'};
  if (static_cast<unsigned char>(c) < 0x80) {
    if (IsControl(c)) return {1, c == '\t' && what == EscapeFor::kLine};
    return {1, (c != '"' && c != '\\') || !MindsQuotes(what)};
  }
  if (what == EscapeFor::kField) return {1, false};
  const std::size_t size = Utf8CharacterAt(text);
  if (size == 0) return {1, false};
  return {size, !IsWideControl(text.substr(0, size))};
}

}  // namespace

std::string_view Escaper::Next() {
  if (bytes_to_show_ == 0) {
    std::size_t staying = 0;
    while (staying < rest_.size()) {
      const Fate fate = FateOf(what_, rest_.substr(staying));
      if (!fate.stays) {
        if (staying == 0) bytes_to_show_ = fate.size;
        break;
      }
      staying += fate.size;
    }
    if (bytes_to_show_ == 0) {
      const std::string_view piece = rest_.substr(0, staying);
      rest_.remove_prefix(staying);
      return piece;
    }
  }
  // In JSON a wide control is one character, and its second byte is that character's number.
  if (what_ == EscapeFor::kJson && bytes_to_show_ == 2) {
    rest_.remove_prefix(1);
    bytes_to_show_ = 1;
  }
  const auto byte = static_cast<unsigned char>(rest_.front());
  rest_.remove_prefix(1);
  --bytes_to_show_;
  return Replacement(byte);
}

std::string_view Escaper::Replacement(unsigned char byte) {
  const char high = kHexDigits[byte >> 4];
  const char low = kHexDigits[byte & 0xf];
  if (what_ != EscapeFor::kJson) {
    shown_ = {'\\', 'x', high, low};
    return {shown_.data(), 4};
  }
  static constexpr std::string_view kFrom = "\"\\\n\r\t\b\f";
  static constexpr std::string_view kTo = "\"\\nrtbf";
  if (const std::size_t at = kFrom.find(static_cast<char>(byte)); at != std::string_view::npos) {
    shown_ = {'\\', kTo[at]};
    return {shown_.data(), 2};
  }
  shown_ = {'\\', 'u', '0', '0', high, low};
  return {shown_.data(), 6};
}

bool MayNeedEscape(EscapeFor what, std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kTops = kOnes * 0x80;
  const bool with_quotes = MindsQuotes(what);
  if (text.size() < sizeof kOnes) {
    return std::any_of(text.begin(), text.end(), [with_quotes](char c) {
      return IsControl(c) || static_cast<unsigned char>(c) > 0x7f || (with_quotes && (c == '"' || c == '\\'));
    });
  }
  // The top bit of a byte is set in one of the terms when it is such a byte; a carry can only come from one.
  const auto terms = [with_quotes](const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t unquoted = word | (word - kOnes * 0x20) | (word + kOnes);
    return with_quotes ? unquoted | ((word ^ kOnes * '"') - kOnes) | ((word ^ kOnes * '\\') - kOnes) : unquoted;
  };
  const char* const last = text.data() + text.size() - sizeof kOnes;
  std::uint64_t any = terms(last);
  for (const char* at = text.data(); at < last; at += sizeof kOnes) any |= terms(at);
  return (any & kTops) != 0;
}

void AppendEscaped(EscapeFor what, std::string_view text, std::string& out) {
  if (!MayNeedEscape(what, text)) {
    out += text;
    return;
  }
  Escaper escaper(what, text);
  for (std::string_view piece = escaper.Next(); !piece.empty(); piece = escaper.Next()) out += piece;
}

std::string Escaped(EscapeFor what, std::string_view text) {
  std::string out;
  AppendEscaped(what, text, out);
  return out;
}

}  // namespace colmeia::util
