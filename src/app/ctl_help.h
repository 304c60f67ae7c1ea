// The help of `colmeia ctl`, made of the tables of routes and options.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace colmeia::app {

// Every verb, each once, in the order of the manual.
[[nodiscard]] std::vector<std::string_view> ControlVerbs();

// All verbs and options.
[[nodiscard]] std::string ControlHelp();

// Of one verb; empty when there is none of that name.
[[nodiscard]] std::string ControlHelp(std::string_view verb);

// The verbs, one a line.
[[nodiscard]] std::string VerbsText();

}  // namespace colmeia::app
