#include "zone/table.h"

#include <algorithm>

#include "util/check.h"

namespace colmeia::zone {
namespace {

// Of a busy word, from the lowest bit: when it was, by whom, and which of its claims it is.
constexpr int kTimeBits = 36;
constexpr int kHolderBits = 12;
constexpr int kClaimBits = 13;
static_assert(kTimeBits + kHolderBits + kClaimBits == 61, "kBusy, kSet and kNamed are above");
constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;

// Clocks of processes are read at the start of a turn of their loop: one may be behind the other.
constexpr std::uint64_t kSkewMs = 60'000;

bool Swap(HolderShare& cell, std::uint64_t from, std::uint64_t to) { return cell.compare_exchange_strong(from, to); }

}  // namespace

void Table::Format(std::span<std::byte> memory, const TableGeometry& geometry, const HashKey& key) {
  CHECK(memory.size() >= geometry.common_size() && geometry.size >= kLeastSize);
  TableHeader& header = *reinterpret_cast<TableHeader*>(memory.data());
  header.version.store(kZoneVersion);
  header.kind.store(static_cast<std::uint64_t>(geometry.kind));
  header.size.store(geometry.size);
  header.key[0].store(key[0]);
  header.key[1].store(key[1]);
  header.magic.store(kZoneMagic);
}

bool Table::Knows(std::span<std::byte> memory, const TableGeometry& geometry) {
  if (geometry.size < kLeastSize || memory.size() < geometry.common_size()) return false;
  const TableHeader& header = *reinterpret_cast<const TableHeader*>(memory.data());
  return header.magic.load() == kZoneMagic && header.version.load() == kZoneVersion &&
         header.kind.load() == static_cast<std::uint64_t>(geometry.kind) && header.size.load() == geometry.size;
}

Table Table::Attach(std::span<std::byte> memory, const TableGeometry& geometry) {
  CHECK(memory.size() >= geometry.common_size() && geometry.size >= kLeastSize);
  TableHeader& header = *reinterpret_cast<TableHeader*>(memory.data());
  Table table;
  table.geometry_ = geometry;
  table.header_ = &header;
  table.key_ = {header.key[0].load(), header.key[1].load()};
  table.slots_ = reinterpret_cast<Entry*>(memory.data() + sizeof(TableHeader));
  if (geometry.kind == ZoneKind::kCounts) table.hands_ = reinterpret_cast<Hand*>(memory.data() + geometry.HandsAt());
  return table;
}

std::uint64_t Table::Hash(std::string_view key) const { return SipHash(key_, key); }

Table::Places Table::PlacesOf(std::uint64_t hash) const {
  const std::uint64_t buckets = geometry_.buckets();
  Places places;
  if (buckets == 0) return places;
  // Each half of the hash chooses one: a fraction of all.
  const std::uint64_t first = (hash >> 32) * buckets >> 32;
  const std::uint64_t second = (hash & UINT32_MAX) * buckets >> 32;
  const auto add = [&](std::uint64_t bucket) {
    for (std::size_t i = 0; i < kSlotsPerBucket; ++i) {
      places.index[places.count++] = static_cast<std::size_t>(bucket) * kSlotsPerBucket + i;
    }
  };
  add(std::min(first, second));
  if (first != second) add(std::max(first, second));
  return places;
}

std::optional<std::size_t> Table::Find(std::uint64_t hash) const {
  const Places places = PlacesOf(hash);
  for (std::size_t i = 0; i < places.count; ++i) {
    const Entry& slot = slots_[places.index[i]];
    // The state first: who sees the hash after it saw the state has seen the state of this hash.
    if (IsSet(slot.state.load()) && slot.hash.load() == hash) return places.index[i];
  }
  return std::nullopt;
}

std::uint64_t Table::BusyWord(const Claimer& claimer) {
  static std::uint64_t claims = 0;  // of this process
  const std::uint64_t claim = ++claims & ((std::uint64_t{1} << kClaimBits) - 1);
  return kBusy | claim << (kTimeBits + kHolderBits) | std::uint64_t{claimer.holder} << kTimeBits |
         (claimer.now_ms & kTimeMask);
}

bool Table::IsStale(std::uint64_t state, std::uint64_t now_ms) {
  // Neither busy nor set nor vacant is what nobody of ours writes.
  if (!IsBusy(state)) return true;
  const std::uint64_t age = (now_ms - (state & kTimeMask)) & kTimeMask;
  return age >= kStaleMs && age <= kTimeMask - kSkewMs;
}

bool Table::Take(std::uint64_t hash, std::size_t index, std::uint64_t from, std::uint64_t first,
                 const Claimer& claimer) const {
  Entry& slot = slots_[index];
  const std::uint64_t naming = BusyWord(claimer);
  if (!Swap(slot.state, from, naming)) return false;
  const std::uint64_t old = slot.hash.load();
  if (!Swap(slot.hash, old, hash)) {
    static_cast<void>(Swap(slot.state, naming, 0));
    return false;
  }
  const std::uint64_t named = naming | kNamed;
  return Swap(slot.state, naming, named) && Settle(hash, index, named, first);
}

bool Table::Settle(std::uint64_t hash, std::size_t index, std::uint64_t word, std::uint64_t first) const {
  const Places places = PlacesOf(hash);
  for (std::size_t i = 0; i < places.count; ++i) {
    const std::size_t other = places.index[i];
    if (other == index) continue;
    Entry& slot = slots_[other];
    for (int tries = 0; tries < kMostTries; ++tries) {
      const std::uint64_t state = slot.state.load();
      if (slot.hash.load() != hash || state == 0) break;
      const bool is_named = IsBusy(state) && (state & kNamed) != 0;
      if (!IsSet(state) && !is_named) break;  // still naming: it will see us
      if (IsSet(state) || other < index) {
        static_cast<void>(Swap(slots_[index].state, word, 0));
        return false;
      }
      if (Swap(slot.state, state, 0)) break;
    }
  }
  return Swap(slots_[index].state, word, first);
}

}  // namespace colmeia::zone
