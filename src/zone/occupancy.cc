#include "zone/occupancy.h"

#include <algorithm>

#include "zone/count_table.h"
#include "zone/rate_table.h"

namespace colmeia::zone {
namespace {

// Slots that lie together: a page of memory. What is looked at has memory from then on.
constexpr std::size_t kBlock = 256;

}  // namespace

Occupancy OccupancyOf(const Table& table, std::uint64_t rate, std::uint64_t now_ms) {
  Occupancy out;
  out.slots = table.size();
  out.refused = table.refused();
  const bool counts = table.geometry().kind == ZoneKind::kCounts;
  const std::size_t blocks = (table.size() + kBlock - 1) / kBlock;
  constexpr std::size_t kMostBlocks = kLookedAt / kBlock;
  const std::size_t step = std::max<std::size_t>(1, (blocks + kMostBlocks - 1) / kMostBlocks);
  std::uint64_t looked = 0;
  std::uint64_t living = 0;
  for (std::size_t block = 0; block < blocks; block += step) {
    const std::size_t end = std::min(table.size(), (block + 1) * kBlock);
    for (std::size_t i = block * kBlock; i < end; ++i) {
      const std::uint64_t word = table[i].state.load(std::memory_order_relaxed);
      ++looked;
      if (!Table::IsSet(word)) continue;
      if (counts ? CountTable::Lives(word) : RateTable::Lives(word, std::max<std::uint64_t>(rate, 1), now_ms)) ++living;
    }
  }
  if (looked > 0) out.living = looked == out.slots ? living : living * out.slots / looked;
  return out;
}

}  // namespace colmeia::zone
