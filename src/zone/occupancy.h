// How full a zone is: its slots, those whose key still counts, and the requests that found no room.
//
// A look is cheap whatever the size of the zone: a large one is looked at in places that are spread evenly over it, and
// what lives in all of it is concluded from them. Up to kLookedAt slots the number is exact.
#pragma once

#include <cstddef>
#include <cstdint>

#include "zone/table.h"

namespace colmeia::zone {

struct Occupancy {
  std::uint64_t slots = 0;    // one for each key
  std::uint64_t living = 0;   // slots whose key has a count, or an excess that has not drained
  std::uint64_t refused = 0;  // requests that found no room for their key, since the zone was made
  bool operator==(const Occupancy&) const = default;
};

inline constexpr std::size_t kLookedAt = 65'536;

// `rate` is that of a zone of rates (zone/rate_table.h), unused for others; `now_ms` is of CLOCK_MONOTONIC. Takes note
// of what other processes write meanwhile, or not.
[[nodiscard]] Occupancy OccupancyOf(const Table& table, std::uint64_t rate, std::uint64_t now_ms);

}  // namespace colmeia::zone
