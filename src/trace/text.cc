#include "trace/text.h"

#include <cstdint>

#include <fmt/core.h>

#include "util/escape.h"

namespace colmeia::trace {
namespace {

std::string Between(const Event& event) {
  switch (DirectionOf(event)) {
    case Direction::kOut:
      return "master -> " + ProcessText(event);
    case Direction::kIn:
      return ProcessText(event) + " -> master";
    case Direction::kNone:
      break;
  }
  const bool of_generation = event.peer == Peer::kNone && event.generation != 0;
  return of_generation ? fmt::format("generation {}", event.generation) : ProcessText(event);
}

// "14:03:12.123456", UTC.
std::string TimeText(std::uint64_t wall_ns) {
  static constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t seconds = wall_ns / kSecond % 86400;
  return fmt::format("{:02}:{:02}:{:02}.{:06}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     wall_ns % kSecond / 1000);
}

}  // namespace

std::string ProcessText(const Event& event) {
  std::string within;
  if (event.generation != 0) within = fmt::format("gen {}", event.generation);
  if (event.pid > 0) within += fmt::format("{}pid {}", within.empty() ? "" : ", ", event.pid);
  return within.empty() ? ProcessName(event) : fmt::format("{} ({})", ProcessName(event), within);
}

std::string Text(const Event& event) {
  const std::string cause = event.cause == 0 ? std::string() : fmt::format("<- #{}", event.cause);
  std::string line = fmt::format("{:>6} {:<9} {}  {:<10}  {:<44}  {}", fmt::format("#{}", event.sequence), cause,
                                 TimeText(event.wall_ns), KindName(event.kind), Between(event),
                                 util::Escaped(util::EscapeFor::kCell, event.text + DescriptorText(event)));
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace colmeia::trace
