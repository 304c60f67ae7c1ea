#include "trace/json.h"

#include <cstdint>
#include <iterator>

#include <fmt/format.h>

namespace colmeia::trace {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// The length of the well-formed UTF-8 character at the front of `text`, 0 when there is none (RFC 3629 section 4).
std::size_t CharacterAt(std::string_view text) {
  const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) > 0x9f;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && byte(1) < 0x90;
    const bool beyond = first == 0xf4 && byte(1) > 0x8f;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

// Writes members one after the other.
class Object {
 public:
  void Text(std::string_view name, std::string_view value) { Raw(name, JsonString(value)); }
  void Number(std::string_view name, std::uint64_t value) { Raw(name, fmt::format("{}", value)); }
  void Milliseconds(std::string_view name, std::uint64_t ns) {
    Raw(name, fmt::format("{}.{:03}", ns / 1'000'000, ns / 1000 % 1000));
  }
  void Null(std::string_view name) { Raw(name, "null"); }
  void TextOrNull(std::string_view name, std::string_view value) { value.empty() ? Null(name) : Text(name, value); }
  void NumberOrNull(std::string_view name, std::uint64_t value, std::uint64_t none) {
    value == none ? Null(name) : Number(name, value);
  }
  [[nodiscard]] std::string Close() { return out_ + "}"; }

 private:
  void Raw(std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(out_), "{}\"{}\":{}", out_.size() == 1 ? "" : ",", name, value);
  }

  std::string out_ = "{";
};

std::string Hexadecimal(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = CharacterAt(text);
    const char c = text.front();
    if (length == 0) {
      out += kReplacement;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + "\"";
}

std::string Json(const Event& event, const std::optional<std::string>& frame) {
  const Direction direction = DirectionOf(event);
  const std::string name = ProcessName(event);
  Object out;
  out.Number("seq", event.sequence);
  out.NumberOrNull("cause", event.cause, 0);
  out.Text("kind", KindName(event.kind));
  out.Number("mono_ns", event.monotonic_ns);
  out.Milliseconds("wall_ms", event.wall_ns);
  out.Text("peer", PeerName(event.peer));
  out.Text("name", name);
  out.TextOrNull("from", direction == Direction::kNone ? "" : direction == Direction::kOut ? "master" : name);
  out.TextOrNull("to", direction == Direction::kNone ? "" : direction == Direction::kIn ? "master" : name);
  out.NumberOrNull("slot", event.slot, kNoSlot);
  out.NumberOrNull("seat", event.seat, kNoSeat);
  out.NumberOrNull("generation", event.generation, 0);
  out.NumberOrNull("pid", event.pid > 0 ? static_cast<std::uint64_t>(event.pid) : 0, 0);
  out.TextOrNull("message", MessageName(event));
  out.NumberOrNull("number", event.frame_sequence, 0);
  out.NumberOrNull("in_reply_to", event.in_reply_to, 0);
  out.NumberOrNull("bytes", event.size, 0);
  if (IsMessage(event)) {
    out.Number("fds", event.fds);
  } else {
    out.Null("fds");
  }
  out.Text("text", event.text);
  if (frame) out.Text("frame", Hexadecimal(*frame));
  return out.Close();
}

}  // namespace colmeia::trace
