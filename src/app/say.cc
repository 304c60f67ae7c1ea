#include "app/say.h"

#include <unistd.h>

#include <string>

#include <fmt/core.h>

#include "sys/files.h"
#include "util/strings.h"

namespace colmeia::app {

void Say(log::Level level, std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  std::string text;
  for (const std::string_view line : util::Split(message, '\n')) {
    text += fmt::format("colmeia: [{}] {}\n", log::LevelName(level), line);
  }
  // Without descriptor 2 there is nobody to tell.
  static_cast<void>(sys::WriteAll(STDERR_FILENO, text));
}

void SayText(std::string_view text) {
  std::string out(text);
  if (!out.ends_with('\n')) out += '\n';
  static_cast<void>(sys::WriteAll(STDERR_FILENO, out));
}

}  // namespace colmeia::app
