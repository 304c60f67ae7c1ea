// Acceptor: takes clients from listening sockets and gives them to Connections. An interface, so that there can be
// other ways to accept.
//
// It accepts only when there is room: at the limit of connections, and for half a second when the system has no
// descriptors left, it pauses, and clients wait in the kernel's queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "http1/listener.h"
#include "log/error_log.h"
#include "loop/accept_poll.h"
#include "loop/loop.h"
#include "loop/poll.h"
#include "loop/timer.h"
#include "scoreboard/board.h"
#include "sys/sockets.h"
#include "sys/unique_fd.h"
#include "util/clock.h"

namespace colmeia::worker {

class Connections;

class Acceptor {
 public:
  virtual ~Acceptor() = default;

  // A listening socket to accept from, as soon as Start() was called. `ordinal` is its place in the site's list of
  // listeners and names it from now on; `listener` outlives this and every connection.
  virtual void Add(std::uint32_t ordinal, sys::UniqueFd fd, const http1::Listener& listener) = 0;

  // Accepts from all of them. Once.
  virtual void Start() = 0;

  // Accepts what waits in the queue of that listener's socket, then closes it. Of several sockets it is the one that
  // came last: a borrowed one, not the seat's own. Unknown ordinals do nothing.
  virtual void Release(std::uint32_t ordinal) = 0;

  // Accepts no more and closes all: whoever waits in a queue is served by the other holders of the socket.
  virtual void Stop() = 0;

  // There is room again: Connections::on_room.
  virtual void OnRoom() = 0;

  [[nodiscard]] virtual std::size_t listeners() const = 0;
};

struct AcceptorOptions {
  bool multi_accept = false;     // all that wait at each event, instead of one
  std::uint32_t generation = 0;  // whose seats share the work
  std::uint32_t slot = 0;        // of this worker on the board
};

// Every worker waits on every shared socket, and the kernel wakes one per connection (loop/accept_poll.h). The kernel
// would wake the same one again and again as long as it is idle; so a worker that has had more than its share goes to
// the end of the queue of waiters, and everybody does so after kRequeueAfter connections.
//
// A `reuseport` socket belongs to this seat alone, and the kernel spreads connections itself: a plain poll.
class ExclusiveAcceptor final : public Acceptor {
 public:
  static constexpr std::uint32_t kRequeueAfter = 16;
  // How long no one is accepted once descriptors or memory have run out.
  static constexpr util::Milliseconds kPause{500};

  // All must outlive this. `board` may be null (tests): then fairness rests on kRequeueAfter alone.
  ExclusiveAcceptor(loop::Loop& loop, Connections& connections, scoreboard::SlotWriter counts,
                    const scoreboard::Board* board, log::ErrorLog& log, AcceptorOptions options);
  ~ExclusiveAcceptor() override;

  void Add(std::uint32_t ordinal, sys::UniqueFd fd, const http1::Listener& listener) override;
  void Start() override;
  void Release(std::uint32_t ordinal) override;
  void Stop() override;
  void OnRoom() override;
  [[nodiscard]] std::size_t listeners() const override { return entries_.size(); }

  [[nodiscard]] bool paused() const { return state_ == State::kNoRoom || state_ == State::kNoDescriptors; }

 private:
  struct Entry;

  enum class State {
    kStopped,        // not started yet, or stopped for good
    kAccepting,      // waits on every socket
    kNoRoom,         // waits for OnRoom()
    kNoDescriptors,  // waits for the timer
  };

  // What one attempt to accept means for the loop around it.
  enum class Took {
    kClient,   // one was accepted, or had gone again
    kNothing,  // nobody waits
    kPaused,   // accepting had to pause
    kBroken,   // the socket is unusable
  };

  void OnReadable(Entry& entry);
  [[nodiscard]] Took TakeOne(Entry& entry);
  void Requeue(Entry& entry);
  void Pause(State why);
  void Resume();
  void StartEntry(Entry& entry);
  static void StopEntry(Entry& entry);

  loop::Loop& loop_;          // outlives this
  Connections& connections_;  // outlives this
  scoreboard::SlotWriter counts_;
  const scoreboard::Board* board_;  // outlives this, or null
  log::ErrorLog& log_;              // outlives this
  AcceptorOptions options_;
  State state_ = State::kStopped;
  bool was_short_ = false;  // of descriptors, when last accepting: it was said in the log
  std::vector<std::unique_ptr<Entry>> entries_;
  loop::Timer pause_;   // the end of a pause for want of descriptors
  loop::Timer resume_;  // from OnRoom() to the next turn: accepting is no part of another connection's callback
};

}  // namespace colmeia::worker
