// What a command tells its operator, on descriptor 2.
#pragma once

#include <string_view>

#include "log/level.h"

namespace colmeia::app {

// "colmeia: [emerg] message". Each line of a longer message gets the same beginning.
void Say(log::Level level, std::string_view message);

// A text as it is, ended by a newline.
void SayText(std::string_view text);

}  // namespace colmeia::app
