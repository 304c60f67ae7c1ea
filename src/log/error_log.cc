#include "log/error_log.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include <fmt/format.h>

#include "log/journal.h"
#include "log/output.h"

namespace colmeia::log {

namespace {

using Line = fmt::basic_memory_buffer<char, ErrorLog::kMaxLine>;

void AppendTime(Line& line) {
  const time_t now = time(nullptr);
  tm local{};
  localtime_r(&now, &local);
  fmt::format_to(std::back_inserter(line), "{}/{:02}/{:02} {:02}:{:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1,
                 local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
}

bool IsPlain(char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t' || c == '\n'; }

// No more than fits in a line, and nothing that would command a terminal.
void AppendMessage(Line& line, std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  for (const char c : message) {
    if (line.size() >= ErrorLog::kMaxLine - 1) break;
    if (IsPlain(c)) {
      line.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(line), "\\x{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  line.resize(std::min(line.size(), ErrorLog::kMaxLine - 1));
  line.push_back('\n');
}

}  // namespace

ErrorLog::ErrorLog(std::vector<Target> targets) { SetTargets(std::move(targets)); }

void ErrorLog::SetTargets(std::vector<Target> targets) {
  targets_ = std::move(targets);
  most_verbose_ = Level{};
  for (const Target& target : targets_) most_verbose_ = std::max(most_verbose_, target.level);
}

void ErrorLog::Write(Level level, std::string_view message, std::uint64_t connection) {
  if (!Enabled(level)) return;
  const int saved = errno;

  Line line;
  AppendTime(line);
  line.push_back(' ');
  const std::size_t stamp = line.size();
  fmt::format_to(std::back_inserter(line), "[{}] {}#{}: ", LevelName(level), getpid(), gettid());
  if (connection != 0) fmt::format_to(std::back_inserter(line), "*{} ", connection);
  AppendMessage(line, message);

  const std::string_view text(line.data(), line.size());
  for (const Target& target : targets_) {
    if (level > target.level) continue;
    // The kind is asked for each time: the descriptor may have been redirected. A line that is not taken is lost.
    [[maybe_unused]] const ssize_t size =
        IsJournal(target.fd) ? WriteNow(target.fd, KindOf(target.fd), ForJournal(level, text.substr(stamp)))
                             : WriteNow(target.fd, KindOf(target.fd), text);
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

}  // namespace colmeia::log
