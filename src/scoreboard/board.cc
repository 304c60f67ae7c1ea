// Making a board, and what the master and the workers write. Looking at it is looks.cc.
#include "scoreboard/board.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "scoreboard/records.h"
#include "util/check.h"
#include "util/utf8.h"

namespace colmeia::scoreboard {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

std::uint64_t Nanoseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t MonotonicNs() { return Nanoseconds(CLOCK_MONOTONIC); }
std::uint64_t WallMs() { return Nanoseconds(CLOCK_REALTIME) / 1'000'000; }

Geometry GeometryHere() { return {.page_size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE))}; }

// A write into a part of the header that readers take note of. `own` is the sequence number in the master's memory.
class Revision {
 public:
  Revision(Cell& sequence, std::uint64_t& own) : sequence_(sequence), own_(own) {
    sequence_.store(++own_, kRelaxed);
    std::atomic_thread_fence(std::memory_order_release);
  }
  ~Revision() { sequence_.store(++own_, std::memory_order_release); }
  Revision(const Revision&) = delete;
  Revision& operator=(const Revision&) = delete;

 private:
  Cell& sequence_;      // outlives this
  std::uint64_t& own_;  // outlives this
};

// Takes a total out of a slot that nobody lives in any more.
void Fold(Cell& from, std::uint64_t& sum, Cell& published) {
  sum = SumOf(sum, Believed(from.load(kRelaxed)));
  published.store(sum, kRelaxed);
  from.store(0, kRelaxed);
}

// Cut to Reload::kMaxWhy bytes, at the start of a UTF-8 character.
std::string_view CutWhy(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  std::size_t size = std::min(text.size(), Reload::kMaxWhy);
  while (size > 0 && size < text.size() && util::IsUtf8Continuation(text[size])) --size;
  return text.substr(0, size);
}

void StoreReload(const std::optional<Reload>& reload, ReloadCells& cells) {
  if (!reload) return;
  cells.generation.store(reload->generation, kRelaxed);
  cells.succeeded.store(reload->succeeded ? 1 : 0, kRelaxed);
  cells.wall_ms.store(reload->wall_ms, kRelaxed);
  cells.duration_us.store(reload->duration_us, kRelaxed);
  StoreText(reload->why, cells.why);
}

}  // namespace

Board::Board(Geometry geometry, sys::Mapping mapping) : geometry_(geometry), mapping_(std::move(mapping)) {}
Board::Board(Board&& other) noexcept = default;
Board& Board::operator=(Board&& other) noexcept = default;
Board::~Board() = default;

Result<Board> Board::Create() {
  const Geometry geometry = GeometryHere();
  Result<sys::UniqueFd> fd = sys::SharedMemfd("colmeia-scoreboard", geometry.size());
  if (!fd) return tl::unexpected(std::move(fd.error()));
  Result<sys::Mapping> mapping = sys::Mapping::MapShared(fd->get(), geometry.size(), /*writable=*/true);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));

  Board board(geometry, *std::move(mapping));
  board.records_ = std::make_unique<Records>();
  board.fd_ = *std::move(fd);
  board.lock_ = static_cast<char*>(board.mapping_.data()) + geometry.LockAt();
  Header& header = board.header();
  header.version.store(kBoardVersion, kRelaxed);
  header.slots.store(kSlots, kRelaxed);
  header.page_size.store(static_cast<std::uint32_t>(geometry.page_size), kRelaxed);
  ServerView& server = board.records_->server;
  server.started_ns = MonotonicNs();
  server.started_wall_ms = WallMs();
  header.started_ns.store(server.started_ns, kRelaxed);
  header.started_wall_ms.store(server.started_wall_ms, kRelaxed);
  board.SetServer(ServerState::kStarting, 0);
  header.magic.store(kBoardMagic, std::memory_order_release);
  return board;
}

Result<Board> Board::Open(int fd, std::uint32_t slot) {
  CHECK(slot < kSlots);
  const Geometry geometry = GeometryHere();
  Result<sys::UniqueFd> reading = sys::OpenForReading(fd);
  if (!reading) return tl::unexpected(std::move(reading.error()));
  Result<sys::Mapping> mapping = sys::Mapping::MapShared(reading->get(), geometry.size(), /*writable=*/false);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));

  Board board(geometry, *std::move(mapping));
  const Header& header = board.header();
  if (header.magic.load(std::memory_order_acquire) != kBoardMagic) return Fail("the memory is not a scoreboard");
  const std::uint32_t version = header.version.load(kRelaxed);
  if (version != kBoardVersion || header.slots.load(kRelaxed) != kSlots ||
      header.page_size.load(kRelaxed) != geometry.page_size) {
    return Fail(fmt::format("the scoreboard has layout {}, this process knows layout {}", version, kBoardVersion));
  }

  Result<sys::Mapping> own = sys::Mapping::MapPart(fd, geometry.SlotAt(slot), geometry.page_size, /*writable=*/true);
  if (!own) return tl::unexpected(std::move(own.error()));
  Result<sys::Mapping> lock = sys::Mapping::MapPart(fd, geometry.LockAt(), geometry.page_size, /*writable=*/true);
  if (!lock) return tl::unexpected(std::move(lock.error()));
  board.own_index_ = slot;
  board.own_slot_ = *std::move(own);
  board.own_lock_ = *std::move(lock);
  board.lock_ = board.own_lock_.data();
  return board;
}

void Board::SetServer(ServerState state, std::uint32_t generation) {
  CHECK(records_ != nullptr);
  ServerView& server = records_->server;
  server.state = state;
  server.generation = generation;
  server.master_pid = getpid();
  header().state.store(static_cast<std::uint64_t>(state), kRelaxed);
  header().generation.store(generation, kRelaxed);
  header().master_pid.store(static_cast<std::uint64_t>(server.master_pid), kRelaxed);
}

void Board::Occupy(std::uint32_t index, const Occupant& occupant) {
  CHECK(records_ != nullptr && index < kSlots);
  Tenant& tenant = records_->tenants[index];
  CHECK(tenant.state == SlotState::kEmpty);
  tenant = {.state = SlotState::kStarting, .who = occupant, .started_ns = MonotonicNs(), .started_wall_ms = WallMs()};
  PublishTenancy(index);
  if (index < records_->used_slots) return;
  records_->used_slots = index + 1;
  header().used_slots.store(records_->used_slots, std::memory_order_release);
}

void Board::SetState(std::uint32_t index, SlotState state) {
  CHECK(records_ != nullptr && index < kSlots);
  Tenant& tenant = records_->tenants[index];
  if (state == SlotState::kReady && tenant.state == SlotState::kStarting) {
    tenant.accepts_at_start = MeanAccepts(tenant.who.generation);
  }
  tenant.state = state;
  PublishTenancy(index);
}

void Board::Retire(std::uint32_t index) {
  CHECK(records_ != nullptr && index < kSlots);
  Slot& slot = this->slot(index);
  SharedTotals& published = header().past;
  const Revision revision(header().past_sequence, records_->past_sequence);
  Counts& past = records_->past;
  for (std::size_t i = 0; i < kTotals; ++i) Fold(slot.totals.totals[i], past.totals[i], published.totals[i]);
  for (std::size_t i = 0; i < kLagBuckets; ++i) Fold(slot.totals.lag[i], past.lag[i], published.lag[i]);
  for (Cell& gauge : slot.gauges) gauge.store(0, kRelaxed);
  slot.heartbeat_ns.store(0, kRelaxed);
  for (Cell& cell : slot.last_words) cell.store(0, kRelaxed);
  accept_lock().Unlock(index);
  records_->tenants[index] = Tenant{};
  PublishTenancy(index);
}

void Board::AddRespawn() {
  CHECK(records_ != nullptr);
  ++records_->server.respawns;
  PublishRecord();
}

void Board::AddReload(const Reload& reload) {
  CHECK(records_ != nullptr);
  ServerView& server = records_->server;
  ++(reload.succeeded ? server.reloads_succeeded : server.reloads_failed);
  server.last_reload = reload;
  server.last_reload->why = CutWhy(reload.why);
  if (!reload.succeeded) server.last_failed_reload = server.last_reload;
  PublishRecord();
}

void Board::SetNamesLost(std::uint64_t count) {
  CHECK(records_ != nullptr);
  if (records_->server.names_lost == count) return;
  records_->server.names_lost = count;
  PublishRecord();
}

void Board::SetUsage(std::uint64_t cpu_us, std::uint64_t rss_bytes) {
  CHECK(records_ != nullptr);
  records_->server.cpu_us = cpu_us;
  records_->server.rss_bytes = rss_bytes;
  PublishRecord();
}

// The state comes last: who sees it sees the rest.
void Board::PublishTenancy(std::uint32_t index) {
  const Tenant& tenant = records_->tenants[index];
  Tenancy& cells = header().tenancies[index];
  cells.pid.store(static_cast<std::uint64_t>(tenant.who.pid), kRelaxed);
  cells.generation.store(tenant.who.generation, kRelaxed);
  cells.seat.store(tenant.who.seat, kRelaxed);
  cells.started_ns.store(tenant.started_ns, kRelaxed);
  cells.started_wall_ms.store(tenant.started_wall_ms, kRelaxed);
  cells.accepts_at_start.store(tenant.accepts_at_start, kRelaxed);
  cells.state.store(static_cast<std::uint64_t>(tenant.state), std::memory_order_release);
}

void Board::PublishRecord() {
  const ServerView& server = records_->server;
  MasterRecord& cells = header().master;
  const Revision revision(cells.sequence, records_->record_sequence);
  cells.cpu_us.store(server.cpu_us, kRelaxed);
  cells.rss_bytes.store(server.rss_bytes, kRelaxed);
  cells.respawns.store(server.respawns, kRelaxed);
  cells.reloads_succeeded.store(server.reloads_succeeded, kRelaxed);
  cells.reloads_failed.store(server.reloads_failed, kRelaxed);
  cells.names_lost.store(server.names_lost, kRelaxed);
  StoreReload(server.last_reload, cells.last_reload);
  StoreReload(server.last_failed_reload, cells.last_failed_reload);
}

SlotWriter Board::Writer(std::uint32_t index) {
  if (records_ != nullptr) return SlotWriter(slot(index));
  CHECK(index == own_index_);
  return SlotWriter(*static_cast<Slot*>(own_slot_.data()));
}

Header& Board::header() const { return *static_cast<Header*>(mapping_.data()); }

Slot& Board::slot(std::uint32_t index) const {
  CHECK(index < kSlots);
  return *reinterpret_cast<Slot*>(static_cast<char*>(mapping_.data()) + geometry_.SlotAt(index));
}

}  // namespace colmeia::scoreboard
