#include "control/trace.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "trace/json.h"
#include "util/json_writer.h"
#include "util/strings.h"

namespace colmeia::control {
namespace {

using Json = nlohmann::ordered_json;

// Members of the wrong type and absent ones count as 0 and as empty: they are for show.
std::uint64_t NumberIn(const Json& object, const char* name, std::uint64_t otherwise = 0) {
  const auto at = object.find(name);
  return at != object.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : otherwise;
}

// Of a number of milliseconds, to the microsecond.
std::uint64_t NanosecondsIn(const Json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_number()) return 0;
  const double us = at->get<double>() * 1000;
  return us > 0 && us < 1e16 ? static_cast<std::uint64_t>(std::llround(us)) * 1000 : 0;
}

std::string TextIn(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<std::string> BytesIn(const Json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_string()) return std::nullopt;
  const auto& digits = at->get_ref<const std::string&>();
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const int high = util::HexValue(digits[i]);
    const int low = util::HexValue(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

TraceEntry EntryOf(const Json& object) {
  TraceEntry entry;
  trace::Event& event = entry.event;
  event.kind = trace::ParseKind(TextIn(object, "kind")).value_or(trace::EventKind{});
  event.peer = trace::ParsePeer(TextIn(object, "peer")).value_or(trace::Peer::kNone);
  event.slot = static_cast<std::uint32_t>(NumberIn(object, "slot", trace::kNoSlot));
  event.seat = static_cast<std::uint32_t>(NumberIn(object, "seat", trace::kNoSeat));
  event.generation = static_cast<std::uint32_t>(NumberIn(object, "generation"));
  event.pid = static_cast<std::int32_t>(NumberIn(object, "pid"));
  event.frame_sequence = static_cast<std::uint32_t>(NumberIn(object, "number"));
  event.in_reply_to = static_cast<std::uint32_t>(NumberIn(object, "in_reply_to"));
  event.size = static_cast<std::uint32_t>(NumberIn(object, "bytes"));
  event.fds = static_cast<std::uint8_t>(NumberIn(object, "fds"));
  event.cause = NumberIn(object, "cause");
  event.text = TextIn(object, "text");
  event.sequence = NumberIn(object, "seq");
  event.monotonic_ns = NumberIn(object, "mono_ns");
  event.wall_ns = NanosecondsIn(object, "wall_ms");
  entry.frame = BytesIn(object, "frame");
  entry.json = object.dump(-1, ' ', false, Json::error_handler_t::replace);
  return entry;
}

}  // namespace

Result<TraceQuestion> ReadTraceQuestion(std::string_view query) {
  TraceQuestion question;
  if (query.empty()) return question;
  for (const std::string_view member : util::Split(query, '&')) {
    const std::size_t equals = std::min(member.find('='), member.size());
    const std::string_view name = member.substr(0, equals);
    const auto value = util::ParseNumber<std::uint64_t>(member.substr(std::min(equals + 1, member.size())));
    if (!value) return Fail(fmt::format("\"{}\" in the query is not a name, \"=\" and a number", member));
    if (name == "after") {
      question.after = *value;
    } else if (name == "limit") {
      question.limit = std::min<std::uint64_t>(*value, TraceQuestion::kMostEvents);
    } else if (name == "wait") {
      const auto longest = static_cast<std::uint64_t>(TraceQuestion::kLongestWait.count());
      question.wait = util::Milliseconds(std::min(*value, longest));
    } else if (name == "frames") {
      question.frames = *value != 0;
    } else {
      return Fail(fmt::format("/trace takes after, limit, wait and frames, not \"{}\"", name));
    }
  }
  return question;
}

std::string TargetOf(const TraceQuestion& question) {
  return fmt::format("/trace?after={}&limit={}&wait={}&frames={}", question.after, question.limit,
                     question.wait.count(), question.frames ? 1 : 0);
}

std::string TraceJson(const trace::Reader& trace, const TraceQuestion& question) {
  const std::vector<trace::Event> events = trace.Snapshot(question.after, question.limit);
  const std::uint64_t newest = trace.newest();
  // What lies between `after` and the first event that is told is gone; without one, so is everything up to the newest.
  const std::uint64_t first = events.empty() ? newest + 1 : events.front().sequence;
  const bool asked_for_some = question.after < newest && question.limit > 0;
  const std::uint64_t missed = asked_for_some ? first - question.after - 1 : 0;
  util::JsonWriter out;
  out.BeginObject().Member("newest", newest).Member("missed", missed).Key("events").BeginArray();
  for (const trace::Event& event : events) {
    out.Raw(trace::Json(event, question.frames ? trace.Frame(event) : std::nullopt));
  }
  return out.End().End().Take();
}

Result<TracePage> ReadTracePage(std::string_view json) {
  const Json parsed = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const auto events = parsed.is_object() ? parsed.find("events") : parsed.end();
  if (!parsed.is_object() || events == parsed.end() || !events->is_array()) {
    return Fail("the server's answer is no page of a trace");
  }
  TracePage page;
  page.newest = NumberIn(parsed, "newest");
  page.missed = NumberIn(parsed, "missed");
  for (const Json& one : *events) {
    if (!one.is_object()) return Fail("the server's answer holds an event that is no object");
    page.events.push_back(EntryOf(one));
  }
  return page;
}

}  // namespace colmeia::control
