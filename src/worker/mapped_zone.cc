#include "worker/mapped_zone.h"

#include <unistd.h>

#include <utility>

#include <fmt/core.h>

namespace colmeia::worker {

Result<MappedZone> MappedZone::Map(sys::UniqueFd fd, const site::Zone& zone, std::uint32_t holder) {
  MappedZone out;
  out.geometry_ = {.kind = zone.kind,
                   .size = static_cast<std::size_t>(zone.size),
                   .page_size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE))};
  out.holder_ = holder;
  const auto size = sys::SizeOf(fd.get());
  if (!size) return tl::unexpected(size.error());
  if (*size != out.geometry_.total_size() || holder >= zone::kHolders) {
    return Fail(fmt::format("the zone \"{}\" that the master lent is not the one of the configuration", zone.name));
  }
  auto common = sys::Mapping::MapShared(fd.get(), out.geometry_.common_size(), /*writable=*/true);
  if (!common) return tl::unexpected(common.error());
  out.common_ = *std::move(common);
  if (zone.kind != zone::ZoneKind::kCounts) return out;
  auto share =
      sys::Mapping::MapPart(fd.get(), out.geometry_.ShareAt(holder), out.geometry_.share_size(), /*writable=*/true);
  if (!share) return tl::unexpected(share.error());
  out.share_ = *std::move(share);
  return out;
}

pipeline::ZoneInUse MappedZone::Use() const {
  pipeline::ZoneInUse out{
      .table = zone::Table::Attach({static_cast<std::byte*>(common_.data()), common_.size()}, geometry_)};
  if (share_) out.share = {static_cast<zone::ShareCell*>(share_.data()), geometry_.slots()};
  out.holder = holder_;
  return out;
}

}  // namespace colmeia::worker
