#include "scoreboard/board.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "util/check.h"

namespace colmeia::scoreboard {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// Enough for any number of retirements in a row; few enough that a master killed in the middle of one holds up nobody.
constexpr int kMaxSumAttempts = 10000;

std::uint64_t Nanoseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t MonotonicNs() { return Nanoseconds(CLOCK_MONOTONIC); }
std::uint64_t WallMs() { return Nanoseconds(CLOCK_REALTIME) / 1'000'000; }

void AddTotals(const SharedTotals& from, Counts& to) {
  for (std::size_t i = 0; i < kTotals; ++i) to.totals[i] += from.totals[i].load(kRelaxed);
  for (std::size_t i = 0; i < kLagBuckets; ++i) to.lag[i] += from.lag[i].load(kRelaxed);
}

void Move(Cell& from, Cell& to) {
  to.store(to.load(kRelaxed) + from.load(kRelaxed), kRelaxed);
  from.store(0, kRelaxed);
}

bool LagGauge(std::size_t gauge) {
  return gauge == static_cast<std::size_t>(Gauge::kLagLastNs) || gauge == static_cast<std::size_t>(Gauge::kLagMaxNs);
}

bool Alive(SlotState state) { return state != SlotState::kEmpty && state != SlotState::kGone; }

SlotState StateOf(const Slot& slot) { return static_cast<SlotState>(slot.state.load(kRelaxed)); }

std::uint64_t Leveled(const Slot& slot) {
  return slot.accepts_at_start.load(kRelaxed) +
         slot.totals.totals[static_cast<std::size_t>(Total::kAccepts)].load(kRelaxed);
}

}  // namespace

Board::Board(sys::UniqueFd fd, sys::Mapping mapping) : fd_(std::move(fd)), mapping_(std::move(mapping)) {}

Result<Board> Board::Create() {
  Result<sys::UniqueFd> fd = sys::SharedMemfd("colmeia-scoreboard", kBoardSize);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  Result<sys::Mapping> mapping = sys::Mapping::MapShared(fd->get(), kBoardSize, /*writable=*/true);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));

  Board board(std::move(*fd), std::move(*mapping));
  Header& header = board.header();
  header.version.store(kBoardVersion, kRelaxed);
  header.slots.store(kSlots, kRelaxed);
  header.slot_size.store(static_cast<std::uint32_t>(kSlotSize), kRelaxed);
  header.started_ns.store(MonotonicNs(), kRelaxed);
  header.started_wall_ms.store(WallMs(), kRelaxed);
  board.SetServer(ServerState::kStarting, 0);
  header.magic.store(kBoardMagic, std::memory_order_release);
  return board;
}

Result<Board> Board::Open(int fd) {
  Result<sys::Mapping> mapping = sys::Mapping::MapShared(fd, kBoardSize, /*writable=*/true);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));
  Board board(sys::UniqueFd(), std::move(*mapping));
  const Header& header = board.header();
  if (header.magic.load(std::memory_order_acquire) != kBoardMagic) return Fail("the memory is not a scoreboard");
  const std::uint32_t version = header.version.load(kRelaxed);
  if (version != kBoardVersion || header.slots.load(kRelaxed) != kSlots ||
      header.slot_size.load(kRelaxed) != kSlotSize) {
    return Fail(fmt::format("the scoreboard has layout {}, this process knows layout {}", version, kBoardVersion));
  }
  return board;
}

void Board::SetServer(ServerState state, std::uint32_t generation) {
  header().state.store(static_cast<std::uint64_t>(state), kRelaxed);
  header().generation.store(generation, kRelaxed);
  header().master_pid.store(static_cast<std::uint64_t>(getpid()), kRelaxed);
}

void Board::Occupy(std::uint32_t index, const Occupant& occupant) {
  Slot& slot = this->slot(index);
  CHECK(StateOf(slot) == SlotState::kEmpty);
  slot.pid.store(static_cast<std::uint64_t>(occupant.pid), kRelaxed);
  slot.generation.store(occupant.generation, kRelaxed);
  slot.seat.store(occupant.seat, kRelaxed);
  slot.started_ns.store(MonotonicNs(), kRelaxed);
  slot.started_wall_ms.store(WallMs(), kRelaxed);
  slot.state.store(static_cast<std::uint64_t>(SlotState::kStarting), std::memory_order_release);
  if (index >= used_slots()) header().used_slots.store(index + 1, std::memory_order_release);
}

void Board::SetState(std::uint32_t index, SlotState state) {
  Slot& slot = this->slot(index);
  if (state == SlotState::kReady && StateOf(slot) == SlotState::kStarting) {
    slot.accepts_at_start.store(MeanAccepts(static_cast<std::uint32_t>(slot.generation.load(kRelaxed))), kRelaxed);
  }
  slot.state.store(static_cast<std::uint64_t>(state), std::memory_order_release);
}

void Board::Retire(std::uint32_t index) {
  Slot& slot = this->slot(index);
  Header& header = this->header();
  const std::uint64_t sequence = header.past_sequence.load(kRelaxed);
  header.past_sequence.store(sequence + 1, kRelaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < kTotals; ++i) Move(slot.totals.totals[i], header.past.totals[i]);
  for (std::size_t i = 0; i < kLagBuckets; ++i) Move(slot.totals.lag[i], header.past.lag[i]);
  for (Cell& gauge : slot.gauges) gauge.store(0, kRelaxed);
  for (Cell* cell : {&slot.pid, &slot.generation, &slot.seat, &slot.started_ns, &slot.started_wall_ms,
                     &slot.accepts_at_start, &slot.heartbeat_ns}) {
    cell->store(0, kRelaxed);
  }
  slot.state.store(static_cast<std::uint64_t>(SlotState::kEmpty), kRelaxed);
  header.past_sequence.store(sequence + 2, std::memory_order_release);
}

SlotWriter Board::Writer(std::uint32_t index) { return SlotWriter(slot(index)); }

ServerView Board::Server() const {
  return {.state = static_cast<ServerState>(header().state.load(kRelaxed)),
          .generation = static_cast<std::uint32_t>(header().generation.load(kRelaxed)),
          .master_pid = static_cast<std::int32_t>(header().master_pid.load(kRelaxed)),
          .started_ns = header().started_ns.load(kRelaxed),
          .started_wall_ms = header().started_wall_ms.load(kRelaxed)};
}

SlotView Board::Read(std::uint32_t index) const {
  const Slot& slot = this->slot(index);
  SlotView view;
  view.state = static_cast<SlotState>(slot.state.load(std::memory_order_acquire));
  view.pid = static_cast<std::int32_t>(slot.pid.load(kRelaxed));
  view.generation = static_cast<std::uint32_t>(slot.generation.load(kRelaxed));
  view.seat = static_cast<std::uint32_t>(slot.seat.load(kRelaxed));
  view.started_ns = slot.started_ns.load(kRelaxed);
  view.started_wall_ms = slot.started_wall_ms.load(kRelaxed);
  view.heartbeat_ns = slot.heartbeat_ns.load(kRelaxed);
  AddTotals(slot.totals, view.counts);
  for (std::size_t i = 0; i < kGauges; ++i) view.counts.gauges[i] = slot.gauges[i].load(kRelaxed);
  return view;
}

std::uint32_t Board::used_slots() const {
  return std::min(static_cast<std::uint32_t>(header().used_slots.load(std::memory_order_acquire)), kSlots);
}

Counts Board::Sum() const {
  const Header& header = this->header();
  Counts sum;
  for (int attempt = 0; attempt < kMaxSumAttempts; ++attempt) {
    const std::uint64_t before = header.past_sequence.load(std::memory_order_acquire);
    sum = Counts{};
    AddTotals(header.past, sum);
    for (std::uint32_t index = 0; index < used_slots(); ++index) {
      const Slot& slot = this->slot(index);
      AddTotals(slot.totals, sum);
      if (!Alive(StateOf(slot))) continue;
      for (std::size_t i = 0; i < kGauges; ++i) {
        const std::uint64_t value = slot.gauges[i].load(kRelaxed);
        sum.gauges[i] = LagGauge(i) ? std::max(sum.gauges[i], value) : sum.gauges[i] + value;
      }
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 == 0 && header.past_sequence.load(kRelaxed) == before) break;
  }
  return sum;
}

std::uint64_t Board::MeanAccepts(std::uint32_t generation) const {
  std::uint64_t accepts = 0;
  std::uint64_t seats = 0;
  for (std::uint32_t index = 0; index < used_slots(); ++index) {
    const Slot& slot = this->slot(index);
    if (StateOf(slot) != SlotState::kReady || slot.generation.load(kRelaxed) != generation) continue;
    accepts += Leveled(slot);
    ++seats;
  }
  return seats == 0 ? 0 : accepts / seats;
}

std::uint64_t Board::LeveledAccepts(std::uint32_t index) const { return Leveled(slot(index)); }

Header& Board::header() const { return *static_cast<Header*>(mapping_.data()); }

Slot& Board::slot(std::uint32_t index) const {
  CHECK(index < kSlots);
  return *reinterpret_cast<Slot*>(static_cast<char*>(mapping_.data()) + kHeaderSize + index * kSlotSize);
}

}  // namespace colmeia::scoreboard
