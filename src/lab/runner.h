// Running exhibits, one after the other, each on its stage, on one core and on two.
#pragma once

#include <functional>
#include <vector>

#include "lab/report.h"

namespace colmeia::lab {

struct Plan {
  std::vector<const Exhibit*> exhibits;
  std::vector<Placement> placements;
  bool quick = false;
  bool terminal = false;  // standard error is one
};

// Everything that `plan` asks for. What cannot run is a finding, too. `stopped` is asked now and then: once it is true,
// what runs is ended, and the report holds what was measured until then. Fails when there is no room for temporary
// files.
[[nodiscard]] Result<Report> Run(const Plan& plan, const std::function<bool()>& stopped);

}  // namespace colmeia::lab
