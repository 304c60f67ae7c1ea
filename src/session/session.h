// Session: what a worker knows of one client's connection, whatever it speaks: why it stays, and how to make it go.
//
// A worker owns sessions (worker/connections.h) and calls them seldom: when it drains, when it needs room, when it
// leaves. Bytes and deadlines reach a session by ways of its own (loop::PollListener, loop::TimeoutListener).
#pragma once

#include <cstddef>
#include <cstdint>

#include "util/clock.h"
#include "util/intrusive_list.h"

namespace colmeia::session {

// Why a session stays, or why it may go when another client needs its place.
enum class Standing : std::uint8_t {
  kBusy,      // a request is being read or answered: it stays
  kSilent,    // no byte of a request has ever come
  kIdle,      // kept alive, waits for another request
  kUnwanted,  // all is answered; what the client still sends is read and dropped
};
inline constexpr std::size_t kStandings = 4;

class Session {
 public:
  Session() = default;
  // REQUIRES: closed.
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // The worker drains: what is idle answers what has just arrived and leaves soon, a stream is asked to end, all else
  // leaves after its answer. May destroy this.
  virtual void Drain() = 0;

  // Goes at once if it can: one that is silent or idle answers what has just arrived first, and may stay for that. May
  // destroy this. REQUIRES: standing() is not kBusy.
  virtual void Evict() = 0;

  // Closes at once. Destroys this.
  virtual void Abort() = 0;

  // When it was opened, and how long it has a right to be silent.
  [[nodiscard]] virtual util::TimePoint opened() const = 0;
  [[nodiscard]] virtual util::Milliseconds patience() const = 0;

  [[nodiscard]] Standing standing() const { return standing_; }

  // For the owner's lists; this does not touch it.
  util::ListLink<Session> link;

 protected:
  Standing standing_ = Standing::kSilent;
};

// Who owns the sessions of a worker. Implemented by worker::Connections.
class SessionOwner {
 public:
  // The session has closed its socket. Destroys it: nothing of it may be touched afterwards.
  virtual void Remove(Session& session) = 0;
  // Its standing is another one than `before`. It is amid its callback: this may not touch it.
  virtual void OnStanding(Session& session, Standing before) = 0;

 protected:
  ~SessionOwner() = default;
};

}  // namespace colmeia::session
