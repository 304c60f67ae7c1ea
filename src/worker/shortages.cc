#include "worker/shortages.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "sys/privileges.h"

namespace colmeia::worker {

using scoreboard::Total;

namespace {

// Who was closed, or that nobody could be.
constexpr std::string_view OutcomeText(bool made) {
  return made ? "reusing connections" : "clients wait until a connection can be closed";
}

}  // namespace

void Shortages::Note(Shortage what, bool made, util::TimePoint now) {
  switch (what) {
    case Shortage::kConnections:
      counts_.Add(Total::kConnectionsFull);
      if (const auto times = connections_.Take(now)) {
        Warn(*times, fmt::format("{} worker_connections are not enough, {}", worker_connections_, OutcomeText(made)));
      }
      return;
    case Shortage::kDescriptors:
      counts_.Add(Total::kDescriptorsOut);
      if (const auto times = descriptors_.Take(now)) {
        Warn(*times, fmt::format("{} open files are not enough (worker_rlimit_nofile), {}", sys::OpenFileLimit(),
                                 OutcomeText(made)));
      }
      return;
  }
}

void Shortages::LostLines(std::string_view path, std::uint64_t lines, int code, util::TimePoint now) {
  counts_.Add(Total::kLogLinesLost, lines);
  const auto count = lines_.Take(now, lines);
  if (!count) return;
  const std::string why = code == EAGAIN ? "its reader is too slow" : fmt::format("{}: {}", code, std::strerror(code));
  log_.Print(log::Level::kWarn, "access_log \"{}\" loses lines ({}), {} since the last warning", path, why, *count);
}

void Shortages::Warn(std::uint64_t times, std::string_view text) {
  const std::string again = times > 1 ? fmt::format(", {} times since the last warning", times) : std::string();
  log_.Print(log::Level::kWarn, "{}{}", text, again);
}

}  // namespace colmeia::worker
