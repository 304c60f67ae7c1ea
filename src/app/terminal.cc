#include "app/terminal.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "sys/error.h"
#include "sys/files.h"

namespace colmeia::app {
namespace {

// The other screen, without a cursor; and back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?25h\x1b[?1049l";
constexpr int kDeadly[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

termios found{};  // as it was; for the handler, which finds nothing else

// Async-signal-safe.
void Restore() noexcept {
  static_cast<void>(!write(STDOUT_FILENO, kLeave.data(), kLeave.size()));
  tcsetattr(STDIN_FILENO, TCSANOW, &found);
}

void Die(int number) noexcept {
  Restore();
  signal(number, SIG_DFL);
  raise(number);
}

void Handle(int number, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(number, &action, nullptr);
}

}  // namespace

Result<std::unique_ptr<Terminal>> Terminal::Open() {
  if (isatty(STDOUT_FILENO) == 0 || tcgetattr(STDIN_FILENO, &found) != 0) {
    return sys::FailErrno("standard input and output are no terminal");
  }
  std::unique_ptr<Terminal> terminal(new Terminal());
  for (const int number : kDeadly) Handle(number, Die, static_cast<int>(SA_RESETHAND));
  // It only has to end the wait for a key.
  Handle(
      SIGWINCH, [](int) noexcept {}, 0);
  termios raw = found;
  raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
  raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG | IEXTEN);
  raw.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) return sys::FailErrno("cannot take over the terminal");
  static_cast<void>(sys::WriteAll(STDOUT_FILENO, kEnter));
  return terminal;
}

Terminal::~Terminal() {
  Restore();
  for (const int number : kDeadly) Handle(number, SIG_DFL, 0);
  Handle(SIGWINCH, SIG_DFL, 0);
}

Terminal::Size Terminal::size() const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

void Terminal::Show(std::string_view screen) {
  // From the top left corner over what is there, and nothing below: so nothing flickers.
  std::string out = "\x1b[H";
  out += screen;
  out += "\x1b[J";
  if (!sys::WriteAll(STDOUT_FILENO, out)) closed_ = true;
}

std::string Terminal::ReadKeys(util::TimePoint deadline) {
  const auto left = std::chrono::ceil<util::Milliseconds>(deadline - util::Now()).count();
  pollfd one{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  const int ready = poll(&one, 1, static_cast<int>(std::clamp<long long>(left, 0, 60'000)));
  if (ready <= 0) return {};
  char bytes[64];
  const ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));
  // In this mode a read that finds nothing, though there was something, is the end.
  if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) closed_ = true;
  return got > 0 ? DecodeKeys({bytes, static_cast<std::size_t>(got)}) : std::string();
}

std::string DecodeKeys(std::string_view bytes) {
  static constexpr char kEscape = '\x1b';
  std::string keys;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    const bool sequence = c == kEscape && i + 1 < bytes.size() && (bytes[i + 1] == '[' || bytes[i + 1] == 'O');
    if (!sequence) {
      keys += c == '\x03' ? 'q' : c;
      continue;
    }
    // Parameters, then one final byte (ECMA-48 section 5.4).
    i += 2;
    while (i < bytes.size() && bytes[i] >= ' ' && bytes[i] < '@') ++i;
    if (i < bytes.size() && bytes[i] == 'A') keys += 'k';
    if (i < bytes.size() && bytes[i] == 'B') keys += 'j';
  }
  return keys;
}

}  // namespace colmeia::app
