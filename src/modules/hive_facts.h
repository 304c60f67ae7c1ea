// HiveFacts: what the hive's views are made of, as of one moment. The views (hive_json.h, hive_metrics.h) are functions
// of it: they read no clock and no shared memory.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "scoreboard/board.h"
#include "zone/layout.h"
#include "zone/occupancy.h"

namespace colmeia::pipeline {
struct Services;
}

namespace colmeia::modules {

struct ZoneFacts {
  std::string_view name;  // of the site, which outlives this
  zone::ZoneKind kind = zone::ZoneKind::kRates;
  std::uint64_t size = 0;  // in bytes, as in the configuration
  zone::Occupancy occupancy;
};

struct HiveFacts {
  scoreboard::Picture picture;
  std::vector<ZoneFacts> zones;
  std::string_view version;
  std::string_view accept_by;
  bool has_master = true;          // false with `master_process off`
  std::uint32_t slot = 0;          // of the worker that tells this
  int pid = 0;                     // of the same
  std::uint64_t wall_ms = 0;       // now, since 1970
  std::uint64_t monotonic_ns = 0;  // now, of CLOCK_MONOTONIC
};

// As the worker sees them now.
[[nodiscard]] HiveFacts LookAtHive(const pipeline::Services& services);

// Nanoseconds from a stamp to now; 0 for a stamp of the future, which another process may have made meanwhile.
[[nodiscard]] std::uint64_t Since(std::uint64_t stamp_ns, const HiveFacts& facts);

}  // namespace colmeia::modules
