#include "master/notify.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include <fmt/core.h>

#include "log/error_log.h"
#include "sys/sockets.h"
#include "util/strings.h"

namespace colmeia::master {
namespace {

// A manager that has stopped reading for good does not fill our memory.
constexpr std::size_t kMostWaiting = 64;
constexpr util::Milliseconds kRetry{100};

}  // namespace

NotifyOptions NotifyOptionsFromEnvironment() {
  NotifyOptions options;
  const char* const socket = getenv("NOTIFY_SOCKET");
  if (socket == nullptr || (*socket != '/' && *socket != '@')) return options;
  options.socket = socket;

  const char* const period = getenv("WATCHDOG_USEC");
  const char* const pid = getenv("WATCHDOG_PID");
  const bool ours = pid == nullptr || util::ParseNumber<pid_t>(pid) == getpid();
  const auto microseconds = period != nullptr && ours ? util::ParseNumber<std::uint64_t>(period) : std::nullopt;
  if (microseconds && *microseconds > 0) {
    const auto half = std::chrono::microseconds(static_cast<std::int64_t>(*microseconds / 2));
    options.feed = std::max(std::chrono::duration_cast<util::Milliseconds>(half), util::Milliseconds(1));
  }
  return options;
}

Notifier::Notifier(loop::Loop& loop, NotifyOptions options)
    : options_(std::move(options)), retry_(loop, [this] { Flush(); }), feed_(loop, [this] { Feed(); }) {}

void Notifier::Ready() { Send("READY=1"); }

void Notifier::Reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  Send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", microseconds));
}

void Notifier::Stopping() { Send("STOPPING=1"); }

void Notifier::Status(std::string_view text) {
  const std::string line(text.substr(0, text.find('\n')));
  if (line == status_) return;
  status_ = line;
  Send("STATUS=" + line);
}

void Notifier::MainPid(pid_t pid) { Send(fmt::format("MAINPID={}", pid)); }

void Notifier::FeedWatchdog(std::function<bool()> alive) {
  alive_ = std::move(alive);
  if (active() && options_.feed.count() > 0) feed_.StartEvery(options_.feed);
}

void Notifier::Release() {
  held_ = false;
  // It has not heard of us yet, and its patience does not begin anew.
  if (feed_.active()) Feed();
  if (!retry_.active()) Flush();
}

void Notifier::Feed() {
  if (!held_ && alive_()) Send("WATCHDOG=1");
}

void Notifier::Send(std::string text) {
  if (!active()) return;
  waiting_.push_back(std::move(text));
  if (waiting_.size() > kMostWaiting) waiting_.pop_front();
  if (!retry_.active()) Flush();
}

void Notifier::Flush() {
  while (!held_ && !waiting_.empty()) {
    const auto sent = sys::SendDatagram(options_.socket, waiting_.front());
    if (!sent && sent.error().code == EAGAIN) return retry_.StartAfter(kRetry);
    if (!sent) log::Main().Print(log::Level::kWarn, "master: service manager: {}", sent.error().message);
    waiting_.pop_front();
  }
}

}  // namespace colmeia::master
