#include "log/error_log.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "log/error_lines.h"
#include "log/journal.h"
#include "util/escape.h"

namespace colmeia::log {

namespace {

// A line on its way. What does not fit is cut.
class Line {
 public:
  void Append(std::string_view text) {
    if (text.empty()) return;
    const std::size_t size = std::min(text.size(), kMost - size_);
    std::memcpy(bytes_.data() + size_, text.data(), size);
    size_ += size;
  }

  // Parts of a message, as one line. One look at them together is the cheapest.
  void AppendMessage(std::initializer_list<std::string_view> parts) {
    const std::size_t begin = size_;
    for (const std::string_view part : parts) Append(part);
    if (!util::MayNeedEscape(util::EscapeFor::kLine, {bytes_.data() + begin, size_ - begin})) return;
    size_ = begin;
    const std::string_view* const last = parts.end() - 1;
    for (const std::string_view* part = parts.begin(); part < last; ++part) AppendEscaped(*part);
    AppendEscaped(last->substr(0, last->find_last_not_of('\n') + 1));
  }

  std::string_view Finish() {
    bytes_[size_++] = '\n';
    return {bytes_.data(), size_};
  }

 private:
  void AppendEscaped(std::string_view text) {
    util::Escaper escaper(util::EscapeFor::kLine, text);
    for (std::string_view piece = escaper.Next(); !piece.empty(); piece = escaper.Next()) Append(piece);
  }

  static constexpr std::size_t kMost = ErrorLog::kMaxLine - 1;

  std::array<char, ErrorLog::kMaxLine> bytes_;
  std::size_t size_ = 0;
};

// "2026/11/23 11:34:00", formatted at most once a second.
std::string_view TimeText() {
  static thread_local time_t second = -1;
  static thread_local std::array<char, 64> text;
  static thread_local std::size_t size = 0;
  const time_t now = time(nullptr);
  if (now != second) {
    second = now;
    tm local{};
    localtime_r(&now, &local);
    size = fmt::format_to_n(text.data(), text.size(), "{}/{:02}/{:02} {:02}:{:02}:{:02}", local.tm_year + 1900,
                            local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec)
               .size;
  }
  return {text.data(), size};
}

constinit ErrorLines lines;

}  // namespace

ErrorLog::ErrorLog(std::vector<Target> targets) { SetTargets(std::move(targets)); }

void ErrorLog::SetTargets(std::vector<Target> targets) {
  targets_ = std::move(targets);
  most_verbose_ = Level{};
  for (const Target& target : targets_) most_verbose_ = std::max(most_verbose_, target.level);
}

void ErrorLog::Write(Level level, std::initializer_list<std::string_view> message, std::uint64_t connection) {
  if (!Enabled(level)) return;
  const int saved = errno;

  Line line;
  const std::string_view time = TimeText();
  line.Append(time);
  line.Append(" [");
  line.Append(LevelName(level));
  line.Append("] ");
  if (lines.collecting()) {
    line.Append(lines.self());
  } else {
    line.Append(fmt::format("{}#{}", getpid(), gettid()));
  }
  line.Append(": ");
  if (connection != 0) {
    line.Append("*");
    const fmt::format_int number(connection);
    line.Append({number.data(), number.size()});
    line.Append(" ");
  }
  line.AppendMessage(message);
  const std::string_view text = line.Finish();

  const bool urgent = level <= Level::kCrit;
  for (const Target& target : targets_) {
    if (level > target.level) continue;
    if (IsJournal(target.fd)) {
      lines.Add(target.fd, ForJournal(level, text.substr(time.size() + 1)), urgent);
    } else {
      lines.Add(target.fd, text, urgent);
    }
  }
  errno = saved;
}

void ErrorLog::WriteFormatted(Level level, std::uint64_t connection, fmt::string_view format, fmt::format_args args) {
  fmt::memory_buffer message;
  fmt::vformat_to(std::back_inserter(message), format, args);
  Write(level, std::string_view(message.data(), message.size()), connection);
}

ErrorLog& Main() {
  // Never destroyed: the last words of a process may come from a destructor.
  static ErrorLog* const log = new ErrorLog({ErrorLog::Target{STDERR_FILENO, Level::kNotice}});
  return *log;
}

void CollectErrorLines(bool on) { lines.Collect(on); }

void FlushErrorLines() noexcept { lines.Flush(); }

}  // namespace colmeia::log
