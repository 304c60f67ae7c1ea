#include "resources/open_zone.h"

#include <sys/random.h>
#include <unistd.h>

#include <cstddef>
#include <span>

#include <fmt/core.h>

#include "log/error_log.h"
#include "sys/error.h"
#include "sys/memfd.h"
#include "zone/count_table.h"
#include "zone/table.h"

namespace colmeia::resources {
namespace {

std::span<std::byte> BytesOf(const sys::Mapping& mapping) {
  return {static_cast<std::byte*>(mapping.data()), mapping.size()};
}

// Nobody outside may know which keys fall together.
Result<zone::HashKey> RandomKey() {
  zone::HashKey key{};
  if (getrandom(key.data(), sizeof key, 0) != static_cast<ssize_t>(sizeof key)) {
    return sys::FailErrno("cannot get random bytes for a zone");
  }
  return key;
}

}  // namespace

zone::TableGeometry GeometryOf(zone::ZoneKind kind, std::uint64_t size) {
  zone::TableGeometry geometry;
  geometry.kind = kind;
  geometry.size = static_cast<std::size_t>(size);
  geometry.page_size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return geometry;
}

Result<std::shared_ptr<OpenZone>> OpenZone::Create(const ipc::PlannedZone& planned) {
  const zone::TableGeometry geometry = GeometryOf(planned.kind, planned.size);
  const auto failed = [&](const Error& error) {
    return Fail(fmt::format("{}: cannot make the zone \"{}\": {}", planned.where, planned.name, error.message),
                error.code);
  };
  auto key = RandomKey();
  if (!key) return failed(key.error());
  auto fd = sys::SharedMemfd("colmeia-zone", geometry.total_size());
  if (!fd) return failed(fd.error());
  auto mapping = sys::Mapping::MapShared(fd->get(), geometry.common_size(), /*writable=*/true);
  if (!mapping) return failed(mapping.error());
  zone::Table::Format(BytesOf(*mapping), geometry, *key);
  auto zone = std::make_shared<OpenZone>();
  zone->planned = planned;
  zone->fd = *std::move(fd);
  return zone;
}

Result<bool> OpenZone::CanBe(const ipc::PlannedZone& later) const {
  if (later.kind != planned.kind) {
    return Fail(
        fmt::format("{}: the shared memory zone \"{}\" is one of {}, while it was made as one of {} at {}; "
                    "give it another name",
                    later.where, later.name, zone::KindName(later.kind), zone::KindName(planned.kind), planned.where));
  }
  if (later.size != planned.size) {
    log::Main().Print(log::Level::kNotice,
                      "master: the zone \"{}\" has {} bytes instead of {} and begins empty ({}, before {})", later.name,
                      later.size, planned.size, later.where, planned.where);
    return false;
  }
  if (later.key != planned.key) {
    return Fail(
        fmt::format("{}: {} \"{}\" uses the \"{}\" key while previously it used the \"{}\" key at {}; give it "
                    "another name or another size",
                    later.where, zone::KindName(later.kind), later.name, later.key, planned.key, planned.where));
  }
  return true;
}

Result<zone::Occupancy> OpenZone::Look(std::uint64_t rate, std::uint64_t now_ms) const {
  const zone::TableGeometry geometry = GeometryOf(planned.kind, planned.size);
  auto common = sys::Mapping::MapShared(fd.get(), geometry.common_size(), /*writable=*/false);
  if (!common) return tl::unexpected(common.error());
  return zone::OccupancyOf(zone::Table::Attach(BytesOf(*common), geometry), rate, now_ms);
}

Result<> OpenZone::GiveBack(std::uint32_t holder) const {
  if (planned.kind != zone::ZoneKind::kCounts) return {};
  const zone::TableGeometry geometry = GeometryOf(planned.kind, planned.size);
  auto common = sys::Mapping::MapShared(fd.get(), geometry.common_size(), /*writable=*/true);
  if (!common) return tl::unexpected(common.error());
  auto share = sys::Mapping::MapPart(fd.get(), geometry.ShareAt(holder), geometry.share_size(), /*writable=*/true);
  if (!share) return tl::unexpected(share.error());
  const std::uint32_t own = zone::kHolders + holder / zone::kHoldersPerSide;
  zone::CountTable::GiveBack(zone::Table::Attach(BytesOf(*common), geometry),
                             {static_cast<zone::ShareCell*>(share->data()), geometry.slots()}, holder, own);
  return sys::EmptyPart(fd.get(), geometry.ShareAt(holder), geometry.share_size());
}

bool OpenZone::IsKnown() const {
  if (!zone::IsKnown(planned.kind) || planned.size < zone::kLeastSize) return false;
  const zone::TableGeometry geometry = GeometryOf(planned.kind, planned.size);
  const auto size = sys::SizeOf(fd.get());
  if (!size || *size != geometry.total_size()) return false;
  auto common = sys::Mapping::MapShared(fd.get(), geometry.common_size(), /*writable=*/false);
  return common && zone::Table::Knows(BytesOf(*common), geometry);
}

// Only shares that were ever written have memory, and those of most holders never are.
Result<> OpenZone::GiveBackSide(std::uint32_t side) const {
  if (planned.kind != zone::ZoneKind::kCounts) return {};
  const zone::TableGeometry geometry = GeometryOf(planned.kind, planned.size);
  std::uint32_t holder = side * zone::kHoldersPerSide;
  const std::uint32_t end = holder + zone::kHoldersPerSide;
  while (holder < end) {
    auto data = sys::NextData(fd.get(), geometry.ShareAt(holder));
    if (!data) return tl::unexpected(data.error());
    if (*data >= geometry.ShareAt(end)) break;
    holder = static_cast<std::uint32_t>((*data - geometry.common_size()) / geometry.share_size());
    if (auto given = GiveBack(holder); !given) return given;
    ++holder;
  }
  return {};
}

}  // namespace colmeia::resources
