#include "trace/select.h"

#include <algorithm>
#include <set>

namespace colmeia::trace {
namespace {

const Event* Find(const std::vector<Event>& events, std::uint64_t sequence) {
  const auto at = std::lower_bound(events.begin(), events.end(), sequence,
                                   [](const Event& event, std::uint64_t wanted) { return event.sequence < wanted; });
  return at == events.end() || at->sequence != sequence ? nullptr : &*at;
}

}  // namespace

std::vector<Event> LedBy(const std::vector<Event>& events, std::uint64_t root) {
  std::vector<Event> out;
  std::set<std::uint64_t> led = {root};
  for (const Event& event : events) {
    if (event.sequence != root && (event.cause == 0 || !led.contains(event.cause))) continue;
    led.insert(event.sequence);
    out.push_back(event);
  }
  return out;
}

Story LastReload(const std::vector<Event>& events) {
  const auto begun = std::find_if(events.rbegin(), events.rend(), [](const Event& event) {
    return event.kind == EventKind::kGeneration && event.text == kGenerationBegun;
  });
  if (begun == events.rend()) return {};
  const Event* first = &*begun;
  Story story;
  while (first->cause != 0) {
    const Event* const cause = Find(events, first->cause);
    if (cause == nullptr || cause->sequence >= first->sequence) {
      story.whole = false;
      break;
    }
    first = cause;
  }
  story.events = LedBy(events, first->sequence);
  return story;
}

}  // namespace colmeia::trace
