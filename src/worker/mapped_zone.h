// MappedZone: a zone of shared memory as a worker has it: the table that all workers write, and its own share of what
// they count.
//
// What the memory is like is told by the worker's own configuration, not by the memory: others write there.
#pragma once

#include <cstdint>

#include "pipeline/zones.h"
#include "site/zones.h"
#include "sys/memfd.h"
#include "sys/unique_fd.h"
#include "util/result.h"
#include "zone/layout.h"

namespace colmeia::worker {

class MappedZone {
 public:
  // Maps what `fd` holds for this holder, and closes it: by it the shares of all others could be mapped. Fails when the
  // memory is not of this zone's kind and size.
  [[nodiscard]] static Result<MappedZone> Map(sys::UniqueFd fd, const site::Zone& zone, std::uint32_t holder);

  // For modules; valid as long as this is.
  [[nodiscard]] pipeline::ZoneInUse Use() const;

 private:
  zone::TableGeometry geometry_;
  std::uint32_t holder_ = 0;
  sys::Mapping common_;
  sys::Mapping share_;  // a zone of counts only
};

}  // namespace colmeia::worker
