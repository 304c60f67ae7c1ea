#include "trace/json.h"

#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "util/json_writer.h"

namespace colmeia::trace {
namespace {

// Decimal, with microseconds.
std::string Milliseconds(std::uint64_t ns) { return fmt::format("{}.{:03}", ns / 1'000'000, ns / 1000 % 1000); }

// Nothing where the value says that there is none.
std::optional<std::string_view> Some(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}
std::optional<std::uint64_t> Some(std::uint64_t number, std::uint64_t none) {
  return number == none ? std::nullopt : std::optional(number);
}

std::string Hexadecimal(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

std::string Json(const Event& event, const std::optional<std::string>& frame) {
  const Direction direction = DirectionOf(event);
  const std::string name = ProcessName(event);
  util::JsonWriter out;
  out.BeginObject();
  out.Member("seq", event.sequence);
  out.Member("cause", Some(event.cause, 0));
  out.Member("kind", KindName(event.kind));
  out.Member("mono_ns", event.monotonic_ns);
  out.Key("wall_ms").Raw(Milliseconds(event.wall_ns));
  out.Member("peer", PeerName(event.peer));
  out.Member("name", name);
  out.Member("from", Some(direction == Direction::kNone ? "" : direction == Direction::kOut ? "master" : name));
  out.Member("to", Some(direction == Direction::kNone ? "" : direction == Direction::kIn ? "master" : name));
  out.Member("slot", Some(event.slot, kNoSlot));
  out.Member("seat", Some(event.seat, kNoSeat));
  out.Member("generation", Some(event.generation, 0));
  out.Member("pid", Some(event.pid > 0 ? static_cast<std::uint64_t>(event.pid) : 0, 0));
  out.Member("message", Some(MessageName(event)));
  out.Member("number", Some(event.frame_sequence, 0));
  out.Member("in_reply_to", Some(event.in_reply_to, 0));
  out.Member("bytes", Some(event.size, 0));
  if (IsMessage(event)) {
    out.Member("fds", event.fds);
    out.Key("descriptors").BeginArray();
    for (const std::string& descriptor : DescriptorNames(event)) out.Value(descriptor);
    out.End();
  } else {
    out.Key("fds").Null();
    out.Key("descriptors").Null();
  }
  out.Member("text", event.text);
  if (frame) out.Member("frame", Hexadecimal(*frame));
  return out.End().Take();
}

}  // namespace colmeia::trace
