#include "lab/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace colmeia::lab {
namespace {

std::size_t TerminalWidth() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

}  // namespace

void Progress::Begin(std::string_view what, std::chrono::milliseconds takes) {
  what_ = what;
  takes_ = takes;
  begun_ = std::chrono::steady_clock::now();
  Tick();
}

void Progress::Tick() {
  if (!terminal_) return;
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun_);
  const auto done = static_cast<double>((done_ + std::min(passed, takes_)).count());
  fmt::print(stderr, "\r\033[K{}",
             DrawBar(done / static_cast<double>(std::max<long>(total_.count(), 1)), what_, TerminalWidth() - 1));
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::End(std::string_view problem) {
  done_ += takes_;
  Clear();
  if (!problem.empty()) {
    fmt::print(stderr, "{}: not measured: {}\n", what_, problem);
  } else if (!terminal_) {
    fmt::print(stderr, "{}\n", what_);
  }
}

void Progress::Clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
}

std::string DrawBar(double fraction, std::string_view what, std::size_t width) {
  constexpr std::size_t kCells = 30;
  const double within = std::clamp(fraction, 0.0, 1.0);
  const auto full = static_cast<std::size_t>(within * kCells);
  std::string bar =
      fmt::format("[{}{}] {:3.0f} %  {}", std::string(full, '#'), std::string(kCells - full, '.'), within * 100, what);
  return bar.substr(0, width);
}

}  // namespace colmeia::lab
