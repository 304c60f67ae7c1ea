// A process that the master deals with, and what happens to it as an event.
#pragma once

#include <cstdint>
#include <string>

#include "trace/event.h"

namespace colmeia::trace {

struct Party {
  Peer peer = Peer::kNone;
  std::uint32_t slot = kNoSlot;  // of workers
  std::uint32_t seat = kNoSeat;
  std::uint32_t generation = 0;
  std::int32_t pid = 0;
};

[[nodiscard]] Event EventOf(EventKind kind, const Party& party, std::uint64_t cause, std::string text);

}  // namespace colmeia::trace
