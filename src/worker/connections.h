// Connections: the one owner of all client connections of a worker, and the keeper of `worker_connections`.
//
// Their memory comes from blocks that are kept: once as many connections have been open as now, accepting one more
// allocates nothing. At the limit the connection that has been idle for longest is closed to make room (a request that
// has just arrived on it is answered first); when none is idle there is no room, and whoever accepts has to wait, so
// that clients stay in the kernel's queue instead of being dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "http1/connection.h"
#include "http1/listener.h"
#include "http1/shared.h"
#include "loop/loop.h"
#include "loop/poll_pool.h"
#include "pipeline/services.h"
#include "scoreboard/layout.h"
#include "sys/address.h"
#include "sys/unique_fd.h"

namespace colmeia::worker {

class Connections final : public http1::ConnectionOwner {
 public:
  // References must outlive this; `counts` is the worker's slot. `limit` is worker_connections, at least 1.
  Connections(loop::Loop& loop, loop::PollPool& polls, pipeline::Services& services, scoreboard::SlotWriter counts,
              std::size_t limit);
  // Closes what is open.
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Room for one more, after closing an idle one if need be. False: wait for OnRoom.
  [[nodiscard]] bool MakeRoom();

  // A new client. `listener` outlives its connections. REQUIRES: MakeRoom() was true.
  void Add(const http1::Listener& listener, sys::UniqueFd fd, const sys::Address& peer);

  // Called once after MakeRoom() was false and a connection has gone; and each time the last one goes. Both are called
  // from the end of a connection's callback, and must not destroy this or add a connection.
  std::function<void()> on_room;
  std::function<void()> on_empty;

  // Idle connections answer what has just arrived and leave within 300 ms, the others after their answers. What is
  // added from now on gets one answer. May call on_empty at once.
  void Drain();

  // All of them, now. Calls on_empty when there were any.
  void CloseAll();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t idle() const { return idle_.size; }
  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] bool draining() const { return shared_.draining; }

  // ConnectionOwner
  void Remove(http1::Connection& connection) override;
  void OnIdle(http1::Connection& connection) override;
  void OnBusy(http1::Connection& connection) override;

 private:
  // A doubly linked list through Connection::previous and next, the longest member first.
  struct List {
    http1::Connection* first = nullptr;
    http1::Connection* last = nullptr;
    std::size_t size = 0;
    void Append(http1::Connection& connection);
    void Unlink(http1::Connection& connection);
  };

  // Memory of one connection, and the chain of those that are unused.
  union Cell {
    Cell* next;
    alignas(http1::Connection) std::byte memory[sizeof(http1::Connection)];
  };
  static constexpr std::size_t kCellsPerBlock = 64;

  [[nodiscard]] Cell* TakeCell();

  scoreboard::SlotWriter counts_;
  http1::Shared shared_;
  List busy_;
  List idle_;  // kept alive, waiting for another request; idle for longest first
  std::vector<std::unique_ptr<Cell[]>> blocks_;
  Cell* free_ = nullptr;
  std::size_t limit_;
  std::size_t size_ = 0;
  std::uint64_t next_number_ = 1;
  bool room_wanted_ = false;
};

}  // namespace colmeia::worker
