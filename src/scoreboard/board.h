// The scoreboard: one slot of shared memory per worker. The worker counts there what it does; other processes read it
// meanwhile.
//
// It is for looking, not for deciding: what the master decides by lies in memory of its own, and is only published
// here. Of what workers write it takes their counts, to show them, and the heartbeat: a worker that lies does so about
// itself.
//
// 1. One memfd holds a Header, a page for each of kSlots slots and a page for the lock; the master makes it, workers
//    map the very same pages.
// 2. Each field has a single writer: the master writes the header, the slot's worker its slot. So a count is a plain
//    load and store, without a locked instruction. The one exception is the lock of `accept_by mutex`
//    (scoreboard/accept_lock.h), which lives here because all have it.
// 3. No other process can write it: a worker maps the whole from a descriptor that can only read, and from the one that
//    can write no more than its own page and the lock's. It then closes both (process/become.h).
// 4. Totals survive their worker: Retire() adds them to the header's past record and empties the slot in one step, so
//    that Sum() never counts a request twice or not at all. Gauges vanish with their worker.
//
//   Result<Board> board = Board::Create();                        // master
//   board->Occupy(slot, {.pid = pid, .generation = g, .seat = s});
//   Result<Board> board = Board::Open(fd, slot);                  // worker
//   SlotWriter counts = board->Writer(slot);  counts.Add(Total::kRequests);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scoreboard/accept_lock.h"
#include "scoreboard/layout.h"
#include "sys/memfd.h"
#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::scoreboard {

// The process that occupies a slot, as the master knows it.
struct Occupant {
  std::int32_t pid = 0;
  std::uint32_t generation = 0;
  std::uint32_t seat = 0;
};

// One slot at one moment.
struct SlotView {
  SlotState state = SlotState::kEmpty;
  std::int32_t pid = 0;
  std::uint32_t generation = 0;
  std::uint32_t seat = 0;
  std::uint64_t started_ns = 0;       // CLOCK_MONOTONIC
  std::uint64_t started_wall_ms = 0;  // since 1970
  std::uint64_t heartbeat_ns = 0;     // CLOCK_MONOTONIC; 0 = none yet
  Counts counts{};
};

// How a reload ended.
struct Reload {
  std::uint32_t generation = 0;
  bool succeeded = false;
  std::uint64_t wall_ms = 0;      // its end, since 1970
  std::uint64_t duration_us = 0;  // from the order to its end
  std::string why{};              // cut to kMaxWhy bytes, at the start of a UTF-8 character; empty when it succeeded

  static constexpr std::size_t kMaxWhy = kMaxText;
  bool operator==(const Reload&) const = default;
};

// What the header says of the server as a whole.
struct ServerView {
  ServerState state = ServerState::kStarting;
  std::uint32_t generation = 0;
  std::int32_t master_pid = 0;
  std::uint64_t started_ns = 0;       // CLOCK_MONOTONIC
  std::uint64_t started_wall_ms = 0;  // since 1970
  std::uint64_t cpu_us = 0;           // of the master, as its rss_bytes
  std::uint64_t rss_bytes = 0;
  std::uint64_t respawns = 0;  // workers that ended unasked, and were replaced
  std::uint64_t reloads_succeeded = 0;
  std::uint64_t reloads_failed = 0;
  std::uint64_t names_lost = 0;  // Unix sockets that are listened on and have no name any more
  std::optional<Reload> last_reload{};
  std::optional<Reload> last_failed_reload{};  // maybe the same
};

// Everything at one moment: `sum` is the past and every slot's counts, exactly.
struct Picture {
  ServerView server;
  std::vector<std::pair<std::uint32_t, SlotView>> slots;  // that are not empty, in order
  Counts past;                                            // totals of workers that are gone
  Counts sum;  // gauges of those alive only; of kLagLastNs and kLagMaxNs the highest
};

// What the ready seats of a generation have.
struct Share {
  std::uint64_t seats = 0;
  std::uint64_t accepts = 0;  // in all; leveled: see Board::LeveledAccepts
  // Of the seat that has the least; without any seat, without meaning.
  std::uint64_t least_accepts = UINT64_MAX;
  std::uint64_t least_connections = UINT64_MAX;

  [[nodiscard]] std::uint64_t MeanAccepts() const { return seats == 0 ? 0 : accepts / seats; }
};

struct Records;  // scoreboard/records.h
struct Tenant;

class Board {
 public:
  // A new, empty board. For the master.
  [[nodiscard]] static Result<Board> Create();

  // Maps a board that the master made, for the worker of this slot: for reading, and for writing what is that worker's.
  // Fails when it has another layout. `fd` is lent, and of no use any more. REQUIRES: slot < kSlots.
  [[nodiscard]] static Result<Board> Open(int fd, std::uint32_t slot);

  Board(Board&& other) noexcept;
  Board& operator=(Board&& other) noexcept;
  ~Board();

  // The memfd, to be sent to workers. Only on a board from Create(); -1 otherwise.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // --- The master writes. REQUIRES: a board from Create(). ---

  void SetServer(ServerState state, std::uint32_t generation);

  // Gives an empty slot to a worker, in state kStarting. REQUIRES: slot < kSlots, the slot is empty.
  void Occupy(std::uint32_t slot, const Occupant& occupant);

  // Entering kReady levels the slot's accepts with those of its generation's other seats (MeanAccepts).
  void SetState(std::uint32_t slot, SlotState state);

  void AddRespawn();
  void AddReload(const Reload& reload);
  void SetNamesLost(std::uint64_t count);
  // Of the master itself.
  void SetUsage(std::uint64_t cpu_us, std::uint64_t rss_bytes);

  // After the worker's exit was reaped: adds its totals to the past, frees the lock if it held it, empties the slot.
  void Retire(std::uint32_t slot);

  // --- The slot's worker writes ---

  // Valid as long as the mapping, which is as long as this board or the one it was moved to. REQUIRES: the slot of
  // Open(), or a board from Create().
  [[nodiscard]] SlotWriter Writer(std::uint32_t slot);

  // --- Any worker locks ---

  [[nodiscard]] AcceptLock accept_lock() const { return AcceptLock(*static_cast<Cell*>(lock_)); }

  // --- Anyone reads. The master's part of it comes out of its own memory when the master asks. ---

  [[nodiscard]] ServerView Server() const;
  [[nodiscard]] SlotState StateOf(std::uint32_t slot) const;
  [[nodiscard]] SlotView Read(std::uint32_t slot) const;

  // What the slot's worker was serving when it crashed, in its own words: whatever it wrote, with control characters
  // and bytes above 0x7e as question marks. Empty when it said nothing.
  [[nodiscard]] std::string LastWords(std::uint32_t slot) const;

  [[nodiscard]] Picture Look() const;

  // CLOCK_MONOTONIC when the slot's worker last showed that it lives, as it says; 0 = not yet.
  [[nodiscard]] std::uint64_t Heartbeat(std::uint32_t slot) const;

  // No slot at or above this was ever occupied: where a loop over slots may end.
  [[nodiscard]] std::uint32_t used_slots() const;

  // Of Look(), the sum.
  [[nodiscard]] Counts Sum() const;

  // Accepts a seat has had on average over the ready seats of a generation, and those of one slot, on the same scale: a
  // replacement enters at the mean, lest it be fed until it has caught up with its elders. For the acceptor.
  [[nodiscard]] std::uint64_t MeanAccepts(std::uint32_t generation) const;
  [[nodiscard]] Share ShareOf(std::uint32_t generation) const;
  [[nodiscard]] std::uint64_t LeveledAccepts(std::uint32_t slot) const;

 private:
  Board(Geometry geometry, sys::Mapping mapping);

  void PublishTenancy(std::uint32_t index);
  void PublishRecord();
  [[nodiscard]] Tenant TenantOf(std::uint32_t index) const;
  void LookOnce(Picture& picture) const;
  [[nodiscard]] Header& header() const;
  [[nodiscard]] Slot& slot(std::uint32_t index) const;

  Geometry geometry_;
  sys::Mapping mapping_;              // all of it; for reading only in workers
  std::unique_ptr<Records> records_;  // what the master knows; null in workers
  sys::UniqueFd fd_;                  // empty in workers
  std::uint32_t own_index_ = 0;       // a worker's, as its pages:
  sys::Mapping own_slot_;             // empty in the master
  sys::Mapping own_lock_;             // empty in the master
  void* lock_ = nullptr;              // within a mapping
};

}  // namespace colmeia::scoreboard
