#include "trace/party.h"

#include <utility>

namespace colmeia::trace {

Event EventOf(EventKind kind, const Party& party, std::uint64_t cause, std::string text) {
  return {.kind = kind,
          .peer = party.peer,
          .slot = party.slot,
          .seat = party.seat,
          .generation = party.generation,
          .pid = party.pid,
          .cause = cause,
          .text = std::move(text)};
}

}  // namespace colmeia::trace
