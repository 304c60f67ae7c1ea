// Everything that can be measured, in the order in which it is shown.
#pragma once

#include <string>
#include <vector>

#include "lab/exhibit.h"
#include "util/result.h"

namespace colmeia::lab {

// The exhibits of one family stand together. Made once, lives as long as the program.
[[nodiscard]] const std::vector<Exhibit>& Catalogue();

// The families, in the catalogue's order.
[[nodiscard]] std::vector<const Family*> Families();

// The exhibits that `names` choose: names of exhibits, names of families, "all". Each once, in the catalogue's order.
// Fails on a name that is none of these, with the one that was probably meant.
[[nodiscard]] Result<std::vector<const Exhibit*>> Choose(const std::vector<std::string>& names);

// One processor, and two where this process may use as many: the first ones of its affinity mask.
[[nodiscard]] std::vector<Placement> Placements(const std::vector<unsigned>& usable_cpus);

}  // namespace colmeia::lab
