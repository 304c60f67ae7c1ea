// Coordination, measured: the same three questions put to every form of link (link.h). How long does a message of 64
// bytes take there and back, how many of them go one way in a second, how many bytes do long messages carry.
#pragma once

#include <vector>

#include "lab/exhibit.h"

namespace colmeia::lab {

[[nodiscard]] std::vector<Exhibit> FormExhibits();

}  // namespace colmeia::lab
