#include "lab/catalogue.h"

#include <algorithm>

#include <fmt/format.h>

#include "lab/families.h"
#include "lab/ping.h"
#include "util/strings.h"

namespace colmeia::lab {

const std::vector<Exhibit>& Catalogue() {
  static const std::vector<Exhibit> catalogue = [] {
    std::vector<Exhibit> all;
    for (const auto& family :
         {FormExhibits, BirthExhibits, CodecExhibits, EventLoopExhibits, RaceExhibits, AcceptExhibits}) {
      for (Exhibit& exhibit : family()) all.push_back(std::move(exhibit));
    }
    return all;
  }();
  return catalogue;
}

std::vector<const Family*> Families() {
  std::vector<const Family*> families;
  for (const Exhibit& exhibit : Catalogue()) {
    if (families.empty() || families.back() != exhibit.family) families.push_back(exhibit.family);
  }
  return families;
}

Result<std::vector<const Exhibit*>> Choose(const std::vector<std::string>& names) {
  std::vector<std::string_view> known{"all"};
  for (const Family* family : Families()) known.push_back(family->name);
  for (const Exhibit& exhibit : Catalogue()) known.push_back(exhibit.name);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string_view meant = util::Closest(name, known);
    return Fail(fmt::format("there is no exhibit \"{}\"{}; `colmeia-lab list` shows them", name,
                            meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant)));
  }
  std::vector<const Exhibit*> chosen;
  for (const Exhibit& exhibit : Catalogue()) {
    const bool wanted = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return name == "all" || name == exhibit.name || name == exhibit.family->name;
    });
    if (wanted) chosen.push_back(&exhibit);
  }
  return chosen;
}

std::vector<Placement> Placements(const std::vector<unsigned>& usable_cpus) {
  std::vector<Placement> placements{{"one", "one core", {usable_cpus.at(0)}}};
  if (usable_cpus.size() > 1) placements.push_back({"two", "two cores", {usable_cpus[0], usable_cpus[1]}});
  return placements;
}

}  // namespace colmeia::lab
