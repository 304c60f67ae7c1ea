// Evictable: what a worker's table of connections (worker/room.h) knows of one: whether the worker could do without it,
// and how to make it go.
#pragma once

#include <cstddef>
#include <cstdint>

#include "util/clock.h"

namespace colmeia::session {

// Why a connection stays, or why it may go when another client needs its place.
enum class Standing : std::uint8_t {
  kBusy,      // a request is being read or answered: it stays
  kSilent,    // no byte of a request has ever come
  kIdle,      // kept alive, waits for another request
  kUnwanted,  // all is answered; what the client still sends is read and dropped
};
inline constexpr std::size_t kStandings = 4;

class Evictable {
 public:
  // Goes at once if it can: one that is silent or idle answers what has just arrived first, and may stay for that. May
  // destroy this. REQUIRES: standing() is not kBusy.
  virtual void Evict() = 0;

  // When it was opened, and how long it has a right to be silent.
  [[nodiscard]] virtual util::TimePoint opened() const = 0;
  [[nodiscard]] virtual util::Milliseconds patience() const = 0;

  [[nodiscard]] Standing standing() const { return standing_; }

  // For the owner's lists; this does not touch them.
  Evictable* previous = nullptr;
  Evictable* next = nullptr;

 protected:
  ~Evictable() = default;
  Standing standing_ = Standing::kSilent;
};

}  // namespace colmeia::session
