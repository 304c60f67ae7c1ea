// Connections: the one owner of the sessions of all clients of a worker, and the keeper of `worker_connections`.
//
// Their memory comes from blocks that are kept: once as many connections have been open as now, accepting one more
// allocates nothing. Which one goes when the worker is full, or short of descriptors, Room says (worker/room.h). When
// none can go there is no room, and the acceptor has to wait, so that clients stay in the kernel's queue instead
// of being dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "http1/connection.h"
#include "http1/shared.h"
#include "loop/loop.h"
#include "loop/poll_pool.h"
#include "loop/timer.h"
#include "pipeline/services.h"
#include "scoreboard/layout.h"
#include "session/listener.h"
#include "session/session.h"
#include "sys/address.h"
#include "sys/unique_fd.h"
#include "worker/descriptors.h"
#include "worker/room.h"

namespace colmeia::worker {

class Connections final : public session::SessionOwner {
 public:
  // References must outlive this; `counts` is the worker's slot. `limit` is worker_connections, at least 1.
  Connections(loop::Loop& loop, loop::PollPool& polls, pipeline::Services& services, scoreboard::SlotWriter counts,
              std::size_t limit);
  // Closes what is open.
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Room for one more, after making others go if need be. False: wait for on_room.
  [[nodiscard]] bool MakeRoom();

  // A descriptor was wanted in vain. True when a connection went to free one: try again. False: on_room tells when one
  // can go.
  [[nodiscard]] bool FreeDescriptor();

  // A new client. `listener` outlives its connections. REQUIRES: MakeRoom() was true.
  void Add(const session::Listener& listener, sys::UniqueFd fd, const sys::Address& peer);

  // Called once after MakeRoom() or FreeDescriptor() was false and a connection has gone, or can go now; and each time
  // the last one goes. Both are called amid a connection's callback, and must not destroy this or touch a connection.
  std::function<void()> on_room;
  std::function<void()> on_empty;
  // Of each shortage: Room::on_short.
  std::function<void(Shortage what, bool made)> on_short;

  // Idle connections answer what has just arrived and leave within 300 ms, the others after their answers. What is
  // added from now on gets one answer. May call on_empty at once.
  void Drain();

  // All of them, now. Calls on_empty when there were any.
  void CloseAll();

  [[nodiscard]] std::size_t size() const { return room_.size(); }
  [[nodiscard]] std::size_t idle() const { return room_.list(session::Standing::kIdle).size(); }
  [[nodiscard]] std::size_t limit() const { return room_.limit(); }
  // So many can have a descriptor each (Descriptors::places).
  [[nodiscard]] std::uint64_t descriptor_places() const { return descriptors_.places(); }
  // Those that may stay in any case: a request of theirs is being read or answered.
  [[nodiscard]] std::size_t busy() const { return size() - room_.evictable(); }
  [[nodiscard]] bool draining() const { return shared_.draining; }

  // session::SessionOwner
  void Remove(session::Session& session) override;
  void OnStanding(session::Session& session, session::Standing before) override;

 private:
  // Memory of one session, and the chain of those that are unused.
  union Cell {
    Cell* next;
    alignas(http1::Connection) std::byte memory[sizeof(http1::Connection)];
  };
  static constexpr std::size_t kCellsPerBlock = 64;

  [[nodiscard]] Cell* TakeCell();
  // Passes on whether there is room; when not, a client waits.
  [[nodiscard]] bool Await(bool made);

  scoreboard::SlotWriter counts_;
  http1::Shared shared_;
  Room room_;
  Descriptors descriptors_;
  loop::Timer chance_;  // while a client waits: when a silent one can go
  std::vector<std::unique_ptr<Cell[]>> blocks_;
  Cell* free_ = nullptr;
  std::uint64_t next_number_ = 1;
};

}  // namespace colmeia::worker
