// The families of exhibits beside coordination (ping.h), one function for each table.
#pragma once

#include <vector>

#include "lab/exhibit.h"

namespace colmeia::lab {

[[nodiscard]] std::vector<Exhibit> BirthExhibits();      // birth.cc
[[nodiscard]] std::vector<Exhibit> CodecExhibits();      // codecs.cc
[[nodiscard]] std::vector<Exhibit> EventLoopExhibits();  // event_loop.cc
[[nodiscard]] std::vector<Exhibit> RaceExhibits();       // race.cc
[[nodiscard]] std::vector<Exhibit> AcceptExhibits();     // accepting.cc

}  // namespace colmeia::lab
