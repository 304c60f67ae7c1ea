#include "modules/hive_facts.h"

#include <chrono>

#include "pipeline/services.h"
#include "site/site.h"

namespace colmeia::modules {

HiveFacts LookAtHive(const pipeline::Services& services) {
  HiveFacts facts;
  if (services.board != nullptr) facts.picture = services.board->Look();
  const auto now = util::Now().time_since_epoch();
  const auto now_ms = static_cast<std::uint64_t>(std::chrono::duration_cast<util::Milliseconds>(now).count());
  for (std::size_t i = 0; i < services.zones.size(); ++i) {
    const site::Zone& zone = services.site->zones[i];
    facts.zones.push_back({.name = zone.name,
                           .kind = zone.kind,
                           .size = zone.size,
                           .occupancy = zone::OccupancyOf(services.zones[i].table, zone.rate, now_ms)});
  }
  facts.version = COLMEIA_VERSION;
  facts.accept_by = services.accept_by;
  facts.has_master = services.trace != nullptr;
  facts.slot = services.slot;
  facts.pid = services.pid;
  facts.wall_ms = static_cast<std::uint64_t>(services.wall_ms);
  // Not the turn's clock: stamps of other processes may be younger than that.
  facts.monotonic_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
  return facts;
}

std::uint64_t Since(std::uint64_t stamp_ns, const HiveFacts& facts) {
  return facts.monotonic_ns > stamp_ns ? facts.monotonic_ns - stamp_ns : 0;
}

}  // namespace colmeia::modules
