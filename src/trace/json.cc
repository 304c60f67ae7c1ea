#include "trace/json.h"

#include <cstdint>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "util/escape.h"

namespace colmeia::trace {
namespace {

// Writes members one after the other.
class Object {
 public:
  void Text(std::string_view name, std::string_view value) { Raw(name, util::JsonString(value)); }
  void Number(std::string_view name, std::uint64_t value) { Raw(name, fmt::format("{}", value)); }
  void Milliseconds(std::string_view name, std::uint64_t ns) {
    Raw(name, fmt::format("{}.{:03}", ns / 1'000'000, ns / 1000 % 1000));
  }
  void Texts(std::string_view name, const std::vector<std::string>& values) {
    std::string list;
    for (const std::string& value : values) list += (list.empty() ? "" : ",") + util::JsonString(value);
    Raw(name, "[" + list + "]");
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
    out.Texts("descriptors", DescriptorNames(event));
  } else {
    out.Null("fds");
    out.Null("descriptors");
  }
  out.Text("text", event.text);
  if (frame) out.Text("frame", Hexadecimal(*frame));
  return out.Close();
}

}  // namespace colmeia::trace
