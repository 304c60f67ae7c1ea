// Records: what the master knows of the server and of the process in each slot, in memory that no worker can reach.
// The board's header is published from here, and never read back.
#pragma once

#include <array>
#include <cstdint>

#include "scoreboard/board.h"
#include "scoreboard/layout.h"

namespace colmeia::scoreboard {

// The process that lives in a slot, as a plain copy.
struct Tenant {
  SlotState state = SlotState::kEmpty;
  Occupant who;
  std::uint64_t started_ns = 0;
  std::uint64_t started_wall_ms = 0;
  std::uint64_t accepts_at_start = 0;
};

struct Records {
  ServerView server;
  std::array<Tenant, kSlots> tenants{};
  std::uint32_t used_slots = 0;
  Counts past;  // its gauges mean nothing
  // Odd while the header's part of that name is being written.
  std::uint64_t past_sequence = 0;
  std::uint64_t record_sequence = 0;
};

}  // namespace colmeia::scoreboard
