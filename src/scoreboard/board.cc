#include "scoreboard/board.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "util/check.h"

namespace colmeia::scoreboard {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// Enough for any number of changes in a row; few enough that a master killed in the middle of one holds up nobody.
constexpr int kMaxLooks = 10000;

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

void AddCounts(const SlotView& view, Counts& sum) {
  for (std::size_t i = 0; i < kTotals; ++i) sum.totals[i] += view.counts.totals[i];
  for (std::size_t i = 0; i < kLagBuckets; ++i) sum.lag[i] += view.counts.lag[i];
  if (!Alive(view.state)) return;
  for (std::size_t i = 0; i < kGauges; ++i) {
    const std::uint64_t value = view.counts.gauges[i];
    sum.gauges[i] = LagGauge(i) ? std::max(sum.gauges[i], value) : sum.gauges[i] + value;
  }
}

// A write into the master's record, which readers take note of.
class Revision {
 public:
  explicit Revision(MasterRecord& record) : record_(record), before_(record.sequence.load(kRelaxed)) {
    record_.sequence.store(before_ + 1, kRelaxed);
    std::atomic_thread_fence(std::memory_order_release);
  }
  ~Revision() { record_.sequence.store(before_ + 2, std::memory_order_release); }
  Revision(const Revision&) = delete;
  Revision& operator=(const Revision&) = delete;

 private:
  MasterRecord& record_;  // outlives this
  const std::uint64_t before_;
};

void Increment(Cell& cell) { cell.store(cell.load(kRelaxed) + 1, kRelaxed); }

using WhyWords = std::array<std::uint64_t, MasterRecord::kWhyCells>;

void StoreText(std::string_view text, std::array<Cell, MasterRecord::kWhyCells>& cells) {
  text = text.substr(0, text.find('\0'));
  std::size_t size = std::min(text.size(), Reload::kMaxWhy);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
  WhyWords words{};
  std::memcpy(words.data(), text.data(), size);
  for (std::size_t i = 0; i < words.size(); ++i) cells[i].store(words[i], kRelaxed);
}

std::string LoadText(const std::array<Cell, MasterRecord::kWhyCells>& cells) {
  WhyWords words{};
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = cells[i].load(kRelaxed);
  std::string bytes(sizeof(words), '\0');
  std::memcpy(bytes.data(), words.data(), sizeof(words));
  return bytes.substr(0, bytes.find('\0'));
}

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
  accept_lock().Unlock(index);
  for (Cell* cell : {&slot.pid, &slot.generation, &slot.seat, &slot.started_ns, &slot.started_wall_ms,
                     &slot.accepts_at_start, &slot.heartbeat_ns}) {
    cell->store(0, kRelaxed);
  }
  slot.state.store(static_cast<std::uint64_t>(SlotState::kEmpty), kRelaxed);
  header.past_sequence.store(sequence + 2, std::memory_order_release);
}

void Board::AddRespawn() {
  const Revision revision(header().master);
  Increment(header().master.respawns);
}

void Board::AddReload(const Reload& reload) {
  MasterRecord& record = header().master;
  const Revision revision(record);
  Increment(reload.succeeded ? record.reloads_succeeded : record.reloads_failed);
  record.reload_generation.store(reload.generation, kRelaxed);
  record.reload_succeeded.store(reload.succeeded ? 1 : 0, kRelaxed);
  record.reload_wall_ms.store(reload.wall_ms, kRelaxed);
  record.reload_us.store(reload.duration_us, kRelaxed);
  StoreText(reload.why, record.reload_why);
}

void Board::SetNamesLost(std::uint64_t count) {
  const Revision revision(header().master);
  header().master.names_lost.store(count, kRelaxed);
}

void Board::SetUsage(std::uint64_t cpu_us, std::uint64_t rss_bytes) {
  const Revision revision(header().master);
  header().master.cpu_us.store(cpu_us, kRelaxed);
  header().master.rss_bytes.store(rss_bytes, kRelaxed);
}

SlotWriter Board::Writer(std::uint32_t index) { return SlotWriter(slot(index)); }

ServerView Board::Server() const {
  const MasterRecord& record = header().master;
  ServerView view{.state = static_cast<ServerState>(header().state.load(kRelaxed)),
                  .generation = static_cast<std::uint32_t>(header().generation.load(kRelaxed)),
                  .master_pid = static_cast<std::int32_t>(header().master_pid.load(kRelaxed)),
                  .started_ns = header().started_ns.load(kRelaxed),
                  .started_wall_ms = header().started_wall_ms.load(kRelaxed)};
  for (int attempt = 0; attempt < kMaxLooks; ++attempt) {
    const std::uint64_t before = record.sequence.load(std::memory_order_acquire);
    view.cpu_us = record.cpu_us.load(kRelaxed);
    view.rss_bytes = record.rss_bytes.load(kRelaxed);
    view.respawns = record.respawns.load(kRelaxed);
    view.reloads_succeeded = record.reloads_succeeded.load(kRelaxed);
    view.reloads_failed = record.reloads_failed.load(kRelaxed);
    view.names_lost = record.names_lost.load(kRelaxed);
    view.last_reload.reset();
    if (const auto generation = static_cast<std::uint32_t>(record.reload_generation.load(kRelaxed)); generation != 0) {
      view.last_reload = Reload{.generation = generation,
                                .succeeded = record.reload_succeeded.load(kRelaxed) != 0,
                                .wall_ms = record.reload_wall_ms.load(kRelaxed),
                                .duration_us = record.reload_us.load(kRelaxed),
                                .why = LoadText(record.reload_why)};
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 == 0 && record.sequence.load(kRelaxed) == before) break;
  }
  return view;
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

std::uint64_t Board::Heartbeat(std::uint32_t index) const { return slot(index).heartbeat_ns.load(kRelaxed); }

std::uint32_t Board::used_slots() const {
  return std::min(static_cast<std::uint32_t>(header().used_slots.load(std::memory_order_acquire)), kSlots);
}

Picture Board::Look() const {
  const Header& header = this->header();
  Picture picture;
  for (int attempt = 0; attempt < kMaxLooks; ++attempt) {
    const std::uint64_t before = header.past_sequence.load(std::memory_order_acquire);
    picture.past = Counts{};
    AddTotals(header.past, picture.past);
    picture.slots.clear();
    for (std::uint32_t index = 0; index < used_slots(); ++index) {
      if (StateOf(slot(index)) != SlotState::kEmpty) picture.slots.emplace_back(index, Read(index));
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 == 0 && header.past_sequence.load(kRelaxed) == before) break;
  }
  picture.server = Server();
  picture.sum = picture.past;
  for (const auto& [index, view] : picture.slots) AddCounts(view, picture.sum);
  return picture;
}

Counts Board::Sum() const { return Look().sum; }

std::uint64_t Board::MeanAccepts(std::uint32_t generation) const { return ShareOf(generation).MeanAccepts(); }

Share Board::ShareOf(std::uint32_t generation) const {
  Share all;
  for (std::uint32_t index = 0; index < used_slots(); ++index) {
    const Slot& slot = this->slot(index);
    if (StateOf(slot) != SlotState::kReady || slot.generation.load(kRelaxed) != generation) continue;
    ++all.seats;
    const std::uint64_t accepts = Leveled(slot);
    const std::uint64_t connections = slot.gauges[static_cast<std::size_t>(Gauge::kConnections)].load(kRelaxed);
    all.accepts += accepts;
    all.least_accepts = std::min(all.least_accepts, accepts);
    all.least_connections = std::min(all.least_connections, connections);
  }
  return all;
}

std::uint64_t Board::LeveledAccepts(std::uint32_t index) const { return Leveled(slot(index)); }

Header& Board::header() const { return *static_cast<Header*>(mapping_.data()); }

Slot& Board::slot(std::uint32_t index) const {
  CHECK(index < kSlots);
  return *reinterpret_cast<Slot*>(static_cast<char*>(mapping_.data()) + kHeaderSize + index * kSlotSize);
}

}  // namespace colmeia::scoreboard
