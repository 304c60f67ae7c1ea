// Looking at a board. What workers wrote is believed within limits (Believed) and about themselves alone.
#include <algorithm>

#include "scoreboard/board.h"
#include "scoreboard/records.h"
#include "util/check.h"

namespace colmeia::scoreboard {
namespace {

constexpr auto kPlain = std::memory_order_relaxed;

// Enough for any number of changes in a row; few enough that a master killed in the middle of one holds up nobody.
constexpr int kMaxLooks = 10000;

void Load(const SharedTotals& from, Counts& to) {
  for (std::size_t i = 0; i < kTotals; ++i) to.totals[i] = Believed(from.totals[i].load(kPlain));
  for (std::size_t i = 0; i < kLagBuckets; ++i) to.lag[i] = Believed(from.lag[i].load(kPlain));
}

bool LagGauge(std::size_t gauge) {
  return gauge == static_cast<std::size_t>(Gauge::kLagLastNs) || gauge == static_cast<std::size_t>(Gauge::kLagMaxNs);
}

// Of one worker, and nothing that could be summed.
bool OwnGauge(std::size_t gauge) {
  return gauge == static_cast<std::size_t>(Gauge::kTurnNs) || gauge == static_cast<std::size_t>(Gauge::kBeatNs);
}

bool Alive(SlotState state) { return state != SlotState::kEmpty && state != SlotState::kGone; }

void AddCounts(const SlotView& view, Counts& sum) {
  for (std::size_t i = 0; i < kTotals; ++i) sum.totals[i] = SumOf(sum.totals[i], view.counts.totals[i]);
  for (std::size_t i = 0; i < kLagBuckets; ++i) sum.lag[i] = SumOf(sum.lag[i], view.counts.lag[i]);
  if (!Alive(view.state)) return;
  for (std::size_t i = 0; i < kGauges; ++i) {
    if (OwnGauge(i)) continue;
    const std::uint64_t value = view.counts.gauges[i];
    sum.gauges[i] = LagGauge(i) ? std::max(sum.gauges[i], value) : SumOf(sum.gauges[i], value);
  }
}

std::optional<Reload> LoadReload(const ReloadCells& cells) {
  const auto generation = static_cast<std::uint32_t>(cells.generation.load(kPlain));
  if (generation == 0) return std::nullopt;
  return Reload{.generation = generation,
                .succeeded = cells.succeeded.load(kPlain) != 0,
                .wall_ms = cells.wall_ms.load(kPlain),
                .duration_us = cells.duration_us.load(kPlain),
                .why = LoadText(cells.why)};
}

void LoadRecord(const MasterRecord& record, ServerView& view) {
  view.cpu_us = record.cpu_us.load(kPlain);
  view.rss_bytes = record.rss_bytes.load(kPlain);
  view.respawns = record.respawns.load(kPlain);
  view.reloads_succeeded = record.reloads_succeeded.load(kPlain);
  view.reloads_failed = record.reloads_failed.load(kPlain);
  view.names_lost = record.names_lost.load(kPlain);
  view.last_reload = LoadReload(record.last_reload);
  view.last_failed_reload = LoadReload(record.last_failed_reload);
}

// Looks again until nothing was written under `sequence` meanwhile.
template <class Look>
void LookUndisturbed(const Cell& sequence, const Look& look) {
  for (int attempt = 0; attempt < kMaxLooks; ++attempt) {
    const std::uint64_t before = sequence.load(std::memory_order_acquire);
    look();
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 == 0 && sequence.load(kPlain) == before) return;
  }
}

}  // namespace

ServerView Board::Server() const {
  if (records_ != nullptr) return records_->server;
  ServerView view{.state = static_cast<ServerState>(header().state.load(kPlain)),
                  .generation = static_cast<std::uint32_t>(header().generation.load(kPlain)),
                  .master_pid = static_cast<std::int32_t>(header().master_pid.load(kPlain)),
                  .started_ns = header().started_ns.load(kPlain),
                  .started_wall_ms = header().started_wall_ms.load(kPlain)};
  LookUndisturbed(header().master.sequence, [&] { LoadRecord(header().master, view); });
  return view;
}

SlotState Board::StateOf(std::uint32_t index) const {
  CHECK(index < kSlots);
  if (records_ != nullptr) return records_->tenants[index].state;
  return static_cast<SlotState>(header().tenancies[index].state.load(std::memory_order_acquire));
}

Tenant Board::TenantOf(std::uint32_t index) const {
  CHECK(index < kSlots);
  if (records_ != nullptr) return records_->tenants[index];
  const Tenancy& cells = header().tenancies[index];
  Tenant tenant;
  tenant.state = StateOf(index);
  tenant.who = {.pid = static_cast<std::int32_t>(cells.pid.load(kPlain)),
                .generation = static_cast<std::uint32_t>(cells.generation.load(kPlain)),
                .seat = static_cast<std::uint32_t>(cells.seat.load(kPlain))};
  tenant.started_ns = cells.started_ns.load(kPlain);
  tenant.started_wall_ms = cells.started_wall_ms.load(kPlain);
  tenant.accepts_at_start = cells.accepts_at_start.load(kPlain);
  return tenant;
}

SlotView Board::Read(std::uint32_t index) const {
  const Tenant tenant = TenantOf(index);
  SlotView view{.state = tenant.state,
                .pid = tenant.who.pid,
                .generation = tenant.who.generation,
                .seat = tenant.who.seat,
                .started_ns = tenant.started_ns,
                .started_wall_ms = tenant.started_wall_ms};
  // The page of a slot in which nobody lives is left alone: it may never have been used.
  if (tenant.state == SlotState::kEmpty) return view;
  const Slot& slot = this->slot(index);
  view.heartbeat_ns = slot.heartbeat_ns.load(kPlain);
  Load(slot.totals, view.counts);
  for (std::size_t i = 0; i < kGauges; ++i) view.counts.gauges[i] = Believed(slot.gauges[i].load(kPlain));
  return view;
}

std::uint64_t Board::Heartbeat(std::uint32_t index) const { return slot(index).heartbeat_ns.load(kPlain); }

std::string Board::LastWords(std::uint32_t index) const {
  std::string text = LoadText(slot(index).last_words);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text;
}

std::uint32_t Board::used_slots() const {
  if (records_ != nullptr) return records_->used_slots;
  return std::min(static_cast<std::uint32_t>(header().used_slots.load(std::memory_order_acquire)), kSlots);
}

void Board::LookOnce(Picture& picture) const {
  picture.past = Counts{};
  if (records_ != nullptr) {
    picture.past = records_->past;
  } else {
    Load(header().past, picture.past);
  }
  picture.slots.clear();
  for (std::uint32_t index = 0; index < used_slots(); ++index) {
    if (StateOf(index) != SlotState::kEmpty) picture.slots.emplace_back(index, Read(index));
  }
}

Picture Board::Look() const {
  Picture picture;
  if (records_ != nullptr) {
    LookOnce(picture);
  } else {
    LookUndisturbed(header().past_sequence, [&] { LookOnce(picture); });
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
    if (StateOf(index) != SlotState::kReady) continue;
    const std::uint64_t of = records_ != nullptr ? records_->tenants[index].who.generation
                                                 : header().tenancies[index].generation.load(kPlain);
    if (of != generation) continue;
    ++all.seats;
    const std::uint64_t accepts = LeveledAccepts(index);
    const std::uint64_t connections =
        Believed(slot(index).gauges[static_cast<std::size_t>(Gauge::kConnections)].load(kPlain));
    all.accepts = SumOf(all.accepts, accepts);
    all.least_accepts = std::min(all.least_accepts, accepts);
    all.least_connections = std::min(all.least_connections, connections);
  }
  return all;
}

std::uint64_t Board::LeveledAccepts(std::uint32_t index) const {
  const std::uint64_t at_start = records_ != nullptr ? records_->tenants[index].accepts_at_start
                                                     : header().tenancies[index].accepts_at_start.load(kPlain);
  return SumOf(at_start, Believed(slot(index).totals.totals[static_cast<std::size_t>(Total::kAccepts)].load(kPlain)));
}

}  // namespace colmeia::scoreboard
