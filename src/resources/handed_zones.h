// HandedZones: the zones that a master passes to the binary that takes over from it, so that limits go on.
//
// COLMEIA_ZONES names a descriptor of sealed memory that tells what they are; the zones' own descriptors follow it.
// Both masters have workers for a while, and their slots have the same numbers: in zones each master has a side of its
// own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "resources/open_zone.h"
#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::resources {

inline constexpr const char* kZonesVariable = "COLMEIA_ZONES";

struct HandedZones {
  std::uint32_t side = 0;  // below zone::kSides: of the master that hands them over
  std::vector<std::shared_ptr<OpenZone>> zones;
};

// The sealed memory, in the order of the zones.
[[nodiscard]] Result<sys::UniqueFd> DescribeZones(const HandedZones& handed);

// What `description` and the descriptors behind it are; all of them are taken. Those of another version of this program
// may be unknown: they are left out, and each is told in `ignored`.
[[nodiscard]] HandedZones TakeZones(int description, std::vector<std::string>& ignored);

}  // namespace colmeia::resources
