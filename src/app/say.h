// What a command tells its operator, on descriptor 2; where that is the journal of systemd, with the level in its way.
#pragma once

#include <string_view>

#include "log/level.h"

namespace colmeia::app {

// "colmeia: [emerg] message". Each line of a longer message gets the same beginning.
void Say(log::Level level, std::string_view message);

// Says it as an error, and returns `exit_code` for the command to end with.
[[nodiscard]] int Complain(int exit_code, std::string_view why);

// A text as it is, ended by a newline. The level is for the journal.
void SayText(std::string_view text, log::Level level = log::Level::kNotice);

}  // namespace colmeia::app
