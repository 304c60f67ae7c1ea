// What the control socket's questions are answered from: the supervisor's records, the scoreboard's counts and what is
// open, as one value. It asks no worker and waits for nothing.
#pragma once

#include "control/configuration.h"
#include "control/status.h"
#include "master/server_stats.h"
#include "resources/resources.h"
#include "scoreboard/board.h"
#include "supervisor/supervisor.h"
#include "util/clock.h"
#include "util/result.h"

namespace colmeia::master {

// `now` is of the same clock as the supervisor's.
[[nodiscard]] control::Status CollectStatus(const supervisor::Supervisor& supervisor, const History& history,
                                            const scoreboard::Board& board, const resources::Resources& resources,
                                            util::TimePoint now);

// What a generation was compiled from; `text` is its configuration memfd. The error says that it is too large to be
// handed out, or what could not be read.
[[nodiscard]] Result<control::Configuration> CollectConfiguration(std::uint32_t generation, int text);

}  // namespace colmeia::master
