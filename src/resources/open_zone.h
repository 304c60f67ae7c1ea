// OpenZone: a zone of shared memory as the master holds it: kept over reloads by its name, lent to workers.
//
// The master reads nothing out of it to decide by. It writes its header when it makes it, and gives back what a dead
// worker had counted.
#pragma once

#include <cstdint>
#include <memory>

#include "ipc/plan.h"
#include "sys/unique_fd.h"
#include "util/result.h"
#include "zone/layout.h"
#include "zone/occupancy.h"

namespace colmeia::resources {

// Of a planned or lent zone; the page size is this machine's.
[[nodiscard]] zone::TableGeometry GeometryOf(zone::ZoneKind kind, std::uint64_t size);

class OpenZone {
 public:
  ipc::PlannedZone planned;  // by which it was made
  sys::UniqueFd fd;          // of Geometry::total_size() bytes

  // A new one, empty. Fails when the kernel has no memory for it.
  [[nodiscard]] static Result<std::shared_ptr<OpenZone>> Create(const ipc::PlannedZone& planned);

  // Whether it goes on as the zone that a later configuration plans under its name: not with another size, which is
  // said in the log. With another kind or key what it holds would mean something else: an error that tells both places.
  [[nodiscard]] Result<bool> CanBe(const ipc::PlannedZone& later) const;

  // Whether the memory is laid out as `planned` and this version of the program say: it may come from another one.
  [[nodiscard]] bool IsKnown() const;

  // How full it is; of a zone of rates with this rate.
  [[nodiscard]] Result<zone::Occupancy> Look(std::uint64_t rate, std::uint64_t now_ms) const;

  // What this dead holder had. Nothing for a zone of rates.
  [[nodiscard]] Result<> GiveBack(std::uint32_t holder) const;
  // What all workers of a master had that is gone.
  [[nodiscard]] Result<> GiveBackSide(std::uint32_t side) const;
};

}  // namespace colmeia::resources
