#include "log/journal.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "util/strings.h"

namespace colmeia::log {

bool IsStream(int fd, std::string_view stream) {
  const std::size_t colon = stream.find(':');
  if (colon == std::string_view::npos) return false;
  const auto device = util::ParseNumber<std::uint64_t>(stream.substr(0, colon));
  const auto inode = util::ParseNumber<std::uint64_t>(stream.substr(colon + 1));
  struct stat info {};
  return device && inode && fstat(fd, &info) == 0 && info.st_dev == *device && info.st_ino == *inode;
}

bool IsJournal(int fd) {
  // Never destroyed: the last words of a process may come from a destructor.
  static const std::string* const stream = [] {
    const char* const named = std::getenv("JOURNAL_STREAM");
    return new std::string(named != nullptr ? named : "");
  }();
  return !stream->empty() && IsStream(fd, *stream);
}

char JournalDigit(Level level) {
  const int number = std::max(static_cast<int>(level), static_cast<int>(Level::kAlert));
  return static_cast<char>('0' + number - 1);
}

std::string ForJournal(Level level, std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    out += {'<', JournalDigit(level), '>'};
    out += text.substr(0, end);
    text.remove_prefix(end);
  }
  return out;
}

}  // namespace colmeia::log
