// Acceptor: takes clients and gives them to Connections. An interface: there is one file for each way to do it, and
// MakeAcceptor chooses by `accept_by`.
//
// It accepts only when there is room: at the limit of connections, and when there are no descriptors left, others have
// to go first (worker/room.h); when none can it pauses, and clients wait in the kernel's queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "ipc/accept_by.h"
#include "log/error_log.h"
#include "loop/loop.h"
#include "scoreboard/board.h"
#include "session/listener.h"
#include "sys/address.h"
#include "sys/unique_fd.h"
#include "util/clock.h"

namespace colmeia::worker {

class Connections;

// A client that the master has accepted (`accept_by handoff`).
struct HandedClient {
  const session::Listener& listener;  // that it came through; outlives the acceptor and every connection
  sys::UniqueFd fd;                   // non-blocking
  sys::Address peer;
  std::function<void()> taken;  // called once, before a byte is read: from here on it is lost with this process
};

class Acceptor {
 public:
  virtual ~Acceptor() = default;

  // A listening socket to accept from, as soon as Start() was called. `ordinal` is its place in the site's list of
  // listeners and names it from now on; `listener` outlives this and every connection.
  virtual void Add(std::uint32_t ordinal, sys::UniqueFd fd, const session::Listener& listener) = 0;

  // Accepts from all of them. Once.
  virtual void Start() = 0;

  // Accepts what waits in the queue of that listener's socket, then closes it. Of several sockets it is the one that
  // came last: a borrowed one, not the seat's own. Unknown ordinals do nothing.
  virtual void Release(std::uint32_t ordinal) = 0;

  // Only this generation's workers accept from this listener: Drain() empties it.
  virtual void Removed(std::uint32_t ordinal) = 0;

  // Accepts no more. Sockets are closed: a client in a queue is served by the other holders. Those of removed
  // listeners are emptied first, which may last until there is room for all; then on_closed is called.
  virtual void Drain() = 0;

  // Called when Drain() has closed the last socket, maybe before it returns. It may not destroy this.
  std::function<void()> on_closed;

  // Called when accepting from one of its sockets failed for good, with the errno. No more is accepted from that one,
  // and the next one of the same listener that is added takes its place.
  std::function<void(std::uint32_t ordinal, int code)> on_unusable;

  // Closes all at once.
  virtual void Stop() = 0;

  // There is room again: Connections::on_room.
  virtual void OnRoom() = 0;

  // A client from the master, whether started or stopped. False where the master hands out none: it is dropped.
  [[nodiscard]] virtual bool Take(HandedClient) { return false; }

  [[nodiscard]] virtual std::size_t listeners() const = 0;
};

struct AcceptorOptions {
  ipc::AcceptBy accept_by = ipc::AcceptBy::kExclusive;
  bool multi_accept = false;            // all that wait at each event, instead of one
  util::Milliseconds mutex_delay{500};  // kMutex: how long those without the lock wait before they try again
  util::Milliseconds beat{1000};        // how often a worker that lives shows it, at the least
  std::uint32_t generation = 0;         // whose seats share the work
  std::uint32_t slot = 0;               // of this worker on the board
};

// What an acceptor works with. All references must outlive it.
struct AcceptorParts {
  loop::Loop& loop;
  Connections& connections;
  scoreboard::SlotWriter counts;
  scoreboard::Board* board = nullptr;  // null without a master: then no process shares anything with this one
  log::ErrorLog& log;
  std::function<util::TimePoint()> now;  // the clock that heartbeats are stamped by
  AcceptorOptions options{};
};

[[nodiscard]] std::unique_ptr<Acceptor> MakeAcceptor(const AcceptorParts& parts);

}  // namespace colmeia::worker
