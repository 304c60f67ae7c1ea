// What the scoreboard's memory looks like, and SlotWriter, the worker's pen. Board (scoreboard/board.h) is how it is
// used.
//
//   Header    what this is, the state of the server, the totals of workers that are gone, the process in each slot
//   Slot[0]   a page: what its worker counts
//   Slot[1]   ...
//   the lock  a page: AcceptLock's cell
//
// Rights to memory are given by the page, so each part that has another writer begins on one: the header is the
// master's, a slot its worker's, the lock all workers'. The lock comes last: nothing lies behind it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace colmeia::scoreboard {

inline constexpr std::uint32_t kBoardMagic = 0x62637363;  // the bytes "cscb"
inline constexpr std::uint32_t kBoardVersion = 9;         // of this layout; bump at any change
inline constexpr std::uint32_t kSlots = 1024;

using Cell = std::atomic<std::uint64_t>;
static_assert(Cell::is_always_lock_free && sizeof(Cell) == 8, "a cell is shared between processes");

// The state of a slot, one process's life.
//
//   kEmpty -> kStarting -> kReady -> kDraining -> kGone -> kEmpty
//                 |           |          |          ^
//                 +-----------+----------+-> kKilled |   (any state may also lead straight to kGone: the process died)
enum class SlotState : std::uint32_t {
  kEmpty = 0,     // no process lives here
  kStarting = 1,  // spawned, has not said Ready
  kReady = 2,     // serves
  kDraining = 3,  // accepts no more, finishes what is open
  kKilled = 4,    // SIGKILL was sent, the exit is awaited
  kGone = 5,      // the process ended; its channel or its exit is still to be seen to
};
[[nodiscard]] std::string_view SlotStateName(SlotState state);  // "ready"; "?" when unknown

enum class ServerState : std::uint32_t {
  kStarting = 0,  // the first generation is not ready yet
  kServing = 1,   // every seat is ready
  kDegraded = 2,  // fewer workers than wanted, and they cannot be started just now
  kDraining = 3,  // leaving: what is open is being finished
  kStopping = 4,  // leaving now
};
[[nodiscard]] std::string_view ServerStateName(ServerState state);

// Totals only grow, and outlive their worker.
enum class Total : std::size_t {
  kAccepts,   // connections accepted
  kHandled,   // of these, those taken into service
  kRequests,  // requests whose head was read
  kBytesIn,   // from clients
  kBytesOut,  // to clients
  kResponses1xx,
  kResponses2xx,
  kResponses3xx,
  kResponses4xx,
  kResponses5xx,
  kWastedAccepts,    // woken for a connection that another worker had taken
  kLoopTurns,        // turns of the event loop that had work
  kBusyNs,           // how long these took
  kCpuUs,            // user and system time, in microseconds, as of the latest look (SlotWriter::SetUsage)
  kConnectionsFull,  // a client came when worker_connections were reached
  kDescriptorsOut,   // a descriptor was wanted when hardly any, or none, was left
  kLogLinesLost,     // of access logs
  kGzipCacheHits,    // responses whose compressed bytes were in memory (gzip_cache)
  kGzipCacheMisses,  // of files, that were compressed for one client
  kCount,
};

// Gauges go up and down, and are worth nothing once their worker is gone.
enum class Gauge : std::size_t {
  kConnections,  // open
  kReading,      // of these: reading a request
  kWriting,      // answering one
  kWaiting,      // kept alive, idle
  kLagLastNs,    // how long the latest loop turn kept other events waiting
  kLagMaxNs,     // the longest turn of this worker's life
  kRssBytes,     // resident memory, as of the latest look
  kTurnNs,       // when the turn under way took its first request (CLOCK_MONOTONIC); 0: none did, or the loop sleeps
  kBeatNs,       // the longest that it is silent while it has nothing to do
  kCount,
};

inline constexpr std::size_t kTotals = static_cast<std::size_t>(Total::kCount);
inline constexpr std::size_t kGauges = static_cast<std::size_t>(Gauge::kCount);

// Loop turns by duration: bucket 0 up to 16.4 us (2^14 ns), each next one twice that, the last one all that is longer
// (268 ms).
inline constexpr std::size_t kLagBuckets = 16;
[[nodiscard]] constexpr std::size_t LagBucket(std::uint64_t lag_ns) {
  const std::uint64_t steps = lag_ns == 0 ? 0 : (lag_ns - 1) >> 14;
  return std::min(static_cast<std::size_t>(std::bit_width(steps)), kLagBuckets - 1);
}
[[nodiscard]] std::uint64_t LagBucketLimitNs(std::size_t bucket);  // inclusive; UINT64_MAX for the last

// A plain copy of counts, in a process's own memory.
struct Counts {
  std::array<std::uint64_t, kTotals> totals{};
  std::array<std::uint64_t, kGauges> gauges{};
  std::array<std::uint64_t, kLagBuckets> lag{};

  [[nodiscard]] std::uint64_t operator[](Total total) const { return totals[static_cast<std::size_t>(total)]; }
  [[nodiscard]] std::uint64_t operator[](Gauge gauge) const { return gauges[static_cast<std::size_t>(gauge)]; }
  bool operator==(const Counts&) const = default;
};

// Totals as they lie in shared memory.
struct SharedTotals {
  std::array<Cell, kTotals> totals;
  std::array<Cell, kLagBuckets> lag;
};

// A short text in shared memory, which ends at its first NUL.
using TextCells = std::array<Cell, 32>;
inline constexpr std::size_t kMaxText = sizeof(TextCells) - 1;

// Cut to kMaxText bytes. Safe in a signal handler.
void StoreText(std::string_view text, TextCells& cells);
[[nodiscard]] std::string LoadText(const TextCells& cells);

// What a slot's worker says of itself; it is the only writer while it lives.
struct alignas(64) Slot {
  Cell heartbeat_ns;
  std::array<Cell, kGauges> gauges;
  SharedTotals totals;
  TextCells last_words;  // what it served when it crashed
};

// A worker that was broken into can write any number into its slot. What no honest worker reaches (in nanoseconds 18
// years, in bytes half an exabyte) is a lie, and read as 0; no sum goes beyond it, so that none goes round.
inline constexpr std::uint64_t kMostCount = std::uint64_t{1} << 59;
[[nodiscard]] constexpr std::uint64_t Believed(std::uint64_t count) { return count <= kMostCount ? count : 0; }

// REQUIRES: neither is beyond kMostCount.
[[nodiscard]] constexpr std::uint64_t SumOf(std::uint64_t a, std::uint64_t b) { return std::min(a + b, kMostCount); }

// The process that lives in a slot.
struct alignas(64) Tenancy {
  Cell state;
  Cell pid;
  Cell generation;
  Cell seat;
  Cell started_ns;
  Cell started_wall_ms;
  Cell accepts_at_start;  // what LeveledAccepts adds: the mean of the others when this one became ready
};

// How a reload ended.
struct ReloadCells {
  Cell generation;  // 0 = there was none
  Cell succeeded;
  Cell wall_ms;
  Cell duration_us;
  TextCells why;
};

// What only the master knows of the server's history. It alone writes it.
struct MasterRecord {
  Cell sequence;  // odd while the master writes here
  Cell cpu_us;
  Cell rss_bytes;
  Cell respawns;
  Cell reloads_succeeded;
  Cell reloads_failed;
  ReloadCells last_reload;
  ReloadCells last_failed_reload;
  Cell names_lost;  // Unix sockets that are listened on and have no name any more
};

// All of it is written by the master.
struct alignas(64) Header {
  std::atomic<std::uint32_t> magic;
  std::atomic<std::uint32_t> version;
  std::atomic<std::uint32_t> slots;
  std::atomic<std::uint32_t> page_size;
  Cell used_slots;
  Cell state;
  Cell generation;
  Cell master_pid;
  Cell started_ns;
  Cell started_wall_ms;

  // Odd while the master folds a slot into `past`: then neither the slot nor the past is to be believed.
  alignas(64) Cell past_sequence;
  SharedTotals past;

  alignas(64) MasterRecord master;

  std::array<Tenancy, kSlots> tenancies;
};

// Where what lies, in bytes from the beginning, on a machine with such pages.
struct Geometry {
  std::size_t page_size = 0;  // no less than sizeof(Slot)

  [[nodiscard]] constexpr std::size_t SlotAt(std::uint32_t index) const {
    return (sizeof(Header) + page_size - 1) / page_size * page_size + index * page_size;
  }
  [[nodiscard]] constexpr std::size_t LockAt() const { return SlotAt(kSlots); }
  [[nodiscard]] constexpr std::size_t size() const { return LockAt() + page_size; }
};

// A worker's pen for its own slot: each call is a load and a store, no locked instruction, a few nanoseconds.
//
// It writes for one thread only. A default-made one writes where no reader looks, so that code under test needs no
// board.
class SlotWriter {
 public:
  SlotWriter() : slot_(&Nowhere()) {}
  explicit SlotWriter(Slot& slot) : slot_(&slot) {}

  void Add(Total total, std::uint64_t by = 1) { Plus(slot_->totals.totals[static_cast<std::size_t>(total)], by); }

  // Counts the response in its class; a status outside 100..599 is not counted.
  void AddResponse(unsigned status) {
    if (status < 100 || status > 599) return;
    Add(static_cast<Total>(static_cast<std::size_t>(Total::kResponses1xx) + status / 100 - 1));
  }

  void Raise(Gauge gauge) { Plus(At(gauge), 1); }
  void Lower(Gauge gauge) { Plus(At(gauge), ~std::uint64_t{0}); }
  void Set(Gauge gauge, std::uint64_t value) { At(gauge).store(value, std::memory_order_relaxed); }

  // I am alive: once each loop turn, at its end. `now_ns` is CLOCK_MONOTONIC.
  void Beat(std::uint64_t now_ns) {
    slot_->heartbeat_ns.store(now_ns, std::memory_order_relaxed);
    Set(Gauge::kTurnNs, 0);
  }

  // A request is about to be served, at `now_ns` of CLOCK_MONOTONIC. The first of a turn is what the turn is told by.
  void BeginServing(std::uint64_t now_ns) {
    if (Get(Gauge::kTurnNs) == 0) Set(Gauge::kTurnNs, now_ns);
  }

  // What is being served, as this process is about to end. Safe in a signal handler; cut where there is no more room.
  void SayLast(std::string_view text) { StoreText(text, slot_->last_words); }

  // A loop turn took so long: last, highest, the histogram and the sum.
  void AddLag(std::uint64_t lag_ns) {
    Set(Gauge::kLagLastNs, lag_ns);
    if (lag_ns > At(Gauge::kLagMaxNs).load(std::memory_order_relaxed)) Set(Gauge::kLagMaxNs, lag_ns);
    Plus(slot_->totals.lag[LagBucket(lag_ns)], 1);
    Add(Total::kBusyNs, lag_ns);
  }

  // What this process has used up to now.
  void SetUsage(std::uint64_t cpu_us, std::uint64_t rss_bytes) {
    slot_->totals.totals[static_cast<std::size_t>(Total::kCpuUs)].store(cpu_us, std::memory_order_relaxed);
    Set(Gauge::kRssBytes, rss_bytes);
  }

  [[nodiscard]] std::uint64_t Get(Total total) const {
    return slot_->totals.totals[static_cast<std::size_t>(total)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t Get(Gauge gauge) const {
    return slot_->gauges[static_cast<std::size_t>(gauge)].load(std::memory_order_relaxed);
  }

 private:
  static Slot& Nowhere();
  static void Plus(Cell& cell, std::uint64_t by) {
    cell.store(cell.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  Cell& At(Gauge gauge) { return slot_->gauges[static_cast<std::size_t>(gauge)]; }

  Slot* slot_;  // outlives this
};

}  // namespace colmeia::scoreboard
