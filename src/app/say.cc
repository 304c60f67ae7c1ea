#include "app/say.h"

#include <unistd.h>

#include <string>

#include <fmt/core.h>

#include "log/journal.h"
#include "sys/files.h"
#include "util/escape.h"
#include "util/strings.h"

namespace colmeia::app {
namespace {

void Write(log::Level level, const std::string& text) {
  // Without descriptor 2 there is nobody to tell.
  static_cast<void>(sys::WriteAll(STDERR_FILENO, log::IsJournal(STDERR_FILENO) ? log::ForJournal(level, text) : text));
}

}  // namespace

void Say(log::Level level, std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  std::string text;
  for (const std::string_view line : util::Split(message, '\n')) {
    text += fmt::format("colmeia: [{}] {}\n", log::LevelName(level), util::Escaped(util::EscapeFor::kLine, line));
  }
  Write(level, text);
}

int Complain(int exit_code, std::string_view why) {
  Say(log::Level::kError, why);
  return exit_code;
}

void SayText(std::string_view text, log::Level level) {
  std::string out(text);
  if (!out.ends_with('\n')) out += '\n';
  Write(level, out);
}

}  // namespace colmeia::app
