// How a command that watches over the control socket goes along when a new binary takes over.
#pragma once

#include <optional>

#include "control/client.h"
#include "util/clock.h"

namespace colmeia::app {

// The master that listens where `known` has connected to, when that is another master by now, and it serves: until then
// the one before has more to tell, and may take the path back.
[[nodiscard]] std::optional<control::Client> NewMaster(const control::Client& known, util::Milliseconds patience);

}  // namespace colmeia::app
