#include "trace/chrome.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "trace/processes.h"
#include "util/json_writer.h"

namespace colmeia::trace {
namespace {

// Rows of one process.
constexpr int kStates = 1;
constexpr int kMessages = 2;

// An arrow needs a slice at both of its ends.
constexpr std::uint64_t kLongestEnd = 1000;  // ns

std::string Microseconds(std::uint64_t ns) { return fmt::format("{}.{:03}", ns / 1000, ns % 1000); }

class Chart {
 public:
  explicit Chart(const std::vector<Event>& events) : events_(events), processes_(events) {}

  std::string Draw() {
    NameProcesses();
    for (std::size_t i = 0; i < events_.size(); ++i) DrawEvent(i);
    for (const auto& [process, state] : states_) EndState(process, state, events_.back().monotonic_ns);
    return "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" + out_ + "\n]}\n";
  }

 private:
  struct State {
    std::string name;
    std::uint64_t begin = 0;
  };

  // One entry, which `more(json)` adds members to.
  template <class More>
  void Add(char phase, std::string_view name, std::size_t process, int row, std::uint64_t at, More more) {
    util::JsonWriter json;
    json.BeginObject().Member("ph", std::string_view(&phase, 1)).Member("name", name);
    json.Member("pid", process + 1).Member("tid", row).Key("ts").Raw(Microseconds(at));
    more(json);
    if (!out_.empty()) out_ += ",\n";
    out_ += json.End().Take();
  }

  void NameProcesses() {
    const auto argument = [](std::string_view key, const auto& value) {
      return [key, &value](util::JsonWriter& json) { json.Key("args").BeginObject().Member(key, value).End(); };
    };
    for (std::size_t i = 0; i < processes_.all().size(); ++i) {
      Add('M', "process_name", i, kStates, 0, argument("name", processes_.all()[i].label));
      Add('M', "process_sort_index", i, kStates, 0, argument("sort_index", i));
      Add('M', "thread_name", i, kStates, 0, argument("name", "state"));
      Add('M', "thread_name", i, kMessages, 0, argument("name", "messages"));
    }
  }

  static void AddArguments(const Event& event, util::JsonWriter& json) {
    json.Key("args").BeginObject().Member("seq", event.sequence).Member("cause", event.cause);
    json.Member("text", event.text + DescriptorText(event)).End();
  }

  void DrawEvent(std::size_t index) {
    const Event& event = events_[index];
    const std::size_t peer = processes_.PeerOf(event);
    if (event.kind == EventKind::kState || event.kind == EventKind::kServer) return EnterState(peer, event);
    const bool is_signal = event.kind == EventKind::kSignal || event.kind == EventKind::kKill;
    const Direction direction = DirectionOf(event);
    if (direction != Direction::kNone && !is_signal) {
      const bool out = direction == Direction::kOut;
      return DrawArrow(index, out ? processes_.master() : peer, out ? peer : processes_.master());
    }
    // A signal is marked where it arrives.
    const std::size_t where = event.kind == EventKind::kSignal ? processes_.master() : peer;
    std::string name(event.kind == EventKind::kSignal ? "" : KindName(event.kind));
    if (!event.text.empty()) name += (name.empty() ? "" : " ") + event.text;
    Add('i', name, where, kMessages, event.monotonic_ns, [&event](util::JsonWriter& json) {
      json.Member("cat", "mark").Member("s", "p");
      AddArguments(event, json);
    });
    if (event.kind == EventKind::kGeneration) DrawReload(event);
  }

  void DrawArrow(std::size_t index, std::size_t from, std::size_t to) {
    const Event& event = events_[index];
    // Slices of one row must not overlap: the end of this one comes before the next event.
    std::uint64_t length = kLongestEnd;
    if (index + 1 < events_.size()) {
      length = std::min(length, (events_[index + 1].monotonic_ns - event.monotonic_ns) / 2);
    }
    const std::string name(IsMessage(event) ? MessageName(event) : KindName(event.kind));
    const auto slice = [&](util::JsonWriter& json) {
      json.Member("cat", "message").Key("dur").Raw(Microseconds(length));
      AddArguments(event, json);
    };
    const auto flow = [&](util::JsonWriter& json) { json.Member("cat", "message").Member("id", event.sequence); };
    Add('X', name, from, kMessages, event.monotonic_ns, slice);
    Add('X', name, to, kMessages, event.monotonic_ns, slice);
    Add('s', name, from, kMessages, event.monotonic_ns, flow);
    Add('f', name, to, kMessages, event.monotonic_ns, [&](util::JsonWriter& json) {
      flow(json);
      json.Member("bp", "e");
    });
  }

  void EnterState(std::size_t process, const Event& event) {
    if (const auto before = states_.find(process); before != states_.end()) {
      EndState(process, before->second, event.monotonic_ns);
      states_.erase(before);
    }
    if (event.text != "empty") states_[process] = {event.text, event.monotonic_ns};
  }

  void EndState(std::size_t process, const State& state, std::uint64_t now) {
    Add('X', state.name, process, kStates, state.begin,
        [&](util::JsonWriter& json) { json.Member("cat", "state").Key("dur").Raw(Microseconds(now - state.begin)); });
  }

  // A reload is a bar of its own, from its beginning to its end.
  void DrawReload(const Event& event) {
    const bool begins = event.text == kGenerationBegun;
    const bool ends = event.text == kGenerationServes || event.text.starts_with(kGenerationRejected);
    if (!begins && !ends) return;
    Add(begins ? 'b' : 'e', fmt::format("reload to generation {}", event.generation), processes_.master(), kStates,
        event.monotonic_ns,
        [&](util::JsonWriter& json) { json.Member("cat", "reload").Member("id", event.generation); });
  }

  const std::vector<Event>& events_;
  const Processes processes_;
  std::map<std::size_t, State> states_;  // that have not ended, by process
  std::string out_;
};

}  // namespace

std::string Chrome(const std::vector<Event>& events) { return Chart(events).Draw(); }

}  // namespace colmeia::trace
