#include "trace/mermaid.h"

#include <fmt/format.h>

#include "trace/processes.h"
#include "util/escape.h"
#include "util/utf8.h"

namespace colmeia::trace {
namespace {

constexpr std::size_t kMostText = 60;

// A statement ends at a newline or a ";", and "#" begins a character by its number.
std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : util::Escaped(util::EscapeFor::kLine, text)) {
    if (c == '#' || c == ';') {
      out += fmt::format("#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

// At most kMostText bytes of it, not cut within a UTF-8 character: a chart's columns are as wide as its longest text.
std::string Short(std::string_view text) {
  if (text.size() <= kMostText) return std::string(text);
  std::size_t end = kMostText - 3;
  while (end > 0 && util::IsUtf8Continuation(text[end])) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string_view Arrow(EventKind kind) {
  switch (kind) {
    case EventKind::kSend:
    case EventKind::kReceive:
    case EventKind::kCommand:
      return "->>";
    case EventKind::kKill:
    case EventKind::kExit:
      return "--x";
    default:
      return "-->>";
  }
}

// What happened, in the words of a chart.
std::string Label(const Event& event) {
  std::string out = event.text;
  if (event.kind == EventKind::kSpawn || event.kind == EventKind::kKill)
    out = fmt::format("{}: {}", KindName(event.kind), out);
  if (event.peer == Peer::kNone && event.generation != 0) {
    out = event.kind == EventKind::kGeneration
              ? fmt::format("generation {} {}", event.generation, out)
              : fmt::format("generation {}: {} {}", event.generation, KindName(event.kind), out);
  } else if (DirectionOf(event) == Direction::kNone && event.kind != EventKind::kState) {
    out = fmt::format("{} {}", KindName(event.kind), out);
  }
  out = Short(out);
  if (event.fds != 0) out += Short(DescriptorText(event));
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

}  // namespace

std::string Mermaid(const std::vector<Event>& events) {
  std::string out = "sequenceDiagram\n";
  const Processes processes(events);
  for (const Processes::Process& process : processes.all()) {
    out += fmt::format("    participant {} as {}\n", process.id, Escape(process.label));
  }
  const std::string& master = processes.all()[processes.master()].id;
  for (const Event& event : events) {
    const std::string& peer = processes.all()[processes.PeerOf(event)].id;
    const double ms = static_cast<double>(event.monotonic_ns - events.front().monotonic_ns) / 1e6;
    const std::string text = fmt::format("[{}] {} ({:+.2f} ms)", event.sequence, Escape(Label(event)), ms);
    switch (DirectionOf(event)) {
      case Direction::kOut:
        out += fmt::format("    {}{}{}: {}\n", master, Arrow(event.kind), peer, text);
        break;
      case Direction::kIn:
        out += fmt::format("    {}{}{}: {}\n", peer, Arrow(event.kind), master, text);
        break;
      case Direction::kNone:
        out += fmt::format("    Note over {}: {}\n", peer, text);
        break;
    }
  }
  return out;
}

}  // namespace colmeia::trace
