#include "resources/handed_zones.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "ipc/codec.h"
#include "sys/memfd.h"

namespace colmeia::resources {
namespace {

// Bump when the fields change, those of ipc::PlannedZone included. It stays the first one.
constexpr std::uint16_t kDescriptionVersion = 2;
// More than any configuration has.
constexpr std::size_t kMostZones = 4096;

struct Description {
  std::uint16_t version = kDescriptionVersion;
  std::uint32_t side = 0;
  std::vector<ipc::PlannedZone> zones{};
  static constexpr auto Fields(auto& self, auto& f) { return f(self.version, self.side, self.zones); }
};

sys::UniqueFd TakeDescriptor(int number) {
  if (fcntl(number, F_SETFD, FD_CLOEXEC) != 0) return {};
  return sys::UniqueFd(number);
}

}  // namespace

Result<sys::UniqueFd> DescribeZones(const HandedZones& handed) {
  Description description;
  description.side = handed.side;
  for (const auto& zone : handed.zones) description.zones.push_back(zone->planned);
  return sys::SealedMemfd("colmeia-zones", ipc::Encode(description));
}

HandedZones TakeZones(int description, std::vector<std::string>& ignored) {
  HandedZones out;
  const sys::UniqueFd fd = TakeDescriptor(description);
  Description read;
  const Result<std::string> bytes = sys::ReadMemfd(fd.get());
  if (!bytes || !ipc::Decode(*bytes, read) || read.version != kDescriptionVersion || read.side >= zone::kSides ||
      read.zones.size() > kMostZones) {
    ignored.push_back(fmt::format("{}={} describes no zones that this version knows: all zones begin empty",
                                  kZonesVariable, description));
    return out;
  }
  out.side = read.side;
  for (std::size_t i = 0; i < read.zones.size(); ++i) {
    auto zone = std::make_shared<OpenZone>();
    zone->planned = std::move(read.zones[i]);
    zone->fd = TakeDescriptor(description + 1 + static_cast<int>(i));
    if (zone->fd && zone->IsKnown()) {
      out.zones.push_back(std::move(zone));
    } else {
      ignored.push_back(fmt::format("the zone \"{}\" has a layout that this version does not know: it begins empty",
                                    zone->planned.name));
    }
  }
  return out;
}

}  // namespace colmeia::resources
