#include "modules/hive_events.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "modules/hive_facts.h"
#include "modules/hive_json.h"
#include "trace/json.h"
#include "trace/ring.h"
#include "util/json_writer.h"

namespace colmeia::modules {
namespace {

std::uint64_t NewestOf(const pipeline::Services& services) {
  return services.trace != nullptr ? services.trace->newest() : 0;
}

// Where a reader goes on. One that has seen more than there is has seen the records of another server.
std::uint64_t StartOf(std::uint64_t after, std::uint64_t newest) {
  if (after > 0 && after <= newest) return after;
  return newest > HiveEvents::kFirstRecords ? newest - HiveEvents::kFirstRecords : 0;
}

}  // namespace

HiveEvents::HiveEvents(const pipeline::Services& services, std::uint64_t after)
    : services_(services), timer_(*services.loop, [this] { OnTimer(); }), seen_(StartOf(after, NewestOf(services))) {}

HiveEvents::Pulled HiveEvents::Write(std::string& out) {
  if (draining_) {
    // What has happened until now, and led to this end, is still told: another worker's reader might come too late.
    if (HasRecords()) AddRecords(out);
    return Pulled::kLast;
  }
  if (!greeted_) {
    greeted_ = true;
    util::JsonWriter hello;
    hello.BeginObject().Member("version", COLMEIA_VERSION).Member("trace_newest", NewestOf(services_)).End();
    fmt::format_to(std::back_inserter(out), "retry: {}\nevent: hello\ndata: {}\n\n", kRetry.count(), hello.text());
  }
  if (services_.now >= next_state_) AddState(out);
  if (HasRecords()) AddRecords(out);
  if (!out.empty()) return Pulled::kMore;
  timer_.StartAt(std::min<util::TimePoint>(services_.now + kTraceEvery, next_state_));
  return Pulled::kWait;
}

void HiveEvents::OnTimer() {
  const util::TimePoint now = services_.loop->Now();
  if (now >= next_state_ || HasRecords()) return Wake();
  timer_.StartAt(std::min<util::TimePoint>(now + kTraceEvery, next_state_));
}

bool HiveEvents::HasRecords() const { return NewestOf(services_) > seen_; }

void HiveEvents::AddState(std::string& out) {
  fmt::format_to(std::back_inserter(out), "event: state\ndata: {}\n\n", HiveJson(LookAtHive(services_)));
  next_state_ = services_.now + kStateEvery;
}

void HiveEvents::AddRecords(std::string& out) {
  const std::vector<trace::Event> records = services_.trace->Snapshot(seen_, kRecordsAtOnce);
  if (records.empty()) {  // the ring has forgotten them while we looked
    seen_ = std::max(seen_, services_.trace->oldest() - 1);
    return;
  }
  seen_ = records.back().sequence;
  fmt::format_to(std::back_inserter(out), "event: trace\nid: {}\ndata: [", seen_);
  for (const trace::Event& record : records) {
    if (&record != &records.front()) out += ',';
    out += trace::Json(record);
  }
  out += "]\n\n";
}

}  // namespace colmeia::modules
