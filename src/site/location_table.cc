// nginx's choice of a location: an exact one; else the longest prefix; else, unless that prefix forbids it, the first
// regex that matches, those nested in the longest prefix before those beside it.
#include <algorithm>

#include "site/site.h"

namespace colmeia::site {

void LocationTable::Add(const Location* location) {
  switch (location->kind) {
    case LocationKind::kExact:
      exact_.emplace(location->name, location);
      break;
    case LocationKind::kPrefix:
    case LocationKind::kPrefixFinal:
      prefixes_.push_back(location);
      break;
    case LocationKind::kRegex:
      regexes_.push_back(location);
      break;
    case LocationKind::kNamed:
    case LocationKind::kServer:
    case LocationKind::kIf:
      break;  // never found by path
  }
}

void LocationTable::Finish() {
  std::sort(prefixes_.begin(), prefixes_.end(), [](const Location* a, const Location* b) { return a->name < b->name; });
  // In sorted order the next shorter prefix of a name is the nearest predecessor's, or one of its parents.
  parents_.assign(prefixes_.size(), -1);
  for (std::size_t i = 1; i < prefixes_.size(); ++i) {
    int candidate = static_cast<int>(i) - 1;
    while (candidate >= 0 && !prefixes_[i]->name.starts_with(prefixes_[static_cast<std::size_t>(candidate)]->name)) {
      candidate = parents_[static_cast<std::size_t>(candidate)];
    }
    parents_[i] = candidate;
  }
}

LocationTable::Found LocationTable::FindPrefix(std::string_view path) const {
  const auto after = std::upper_bound(prefixes_.begin(), prefixes_.end(), path,
                                      [](std::string_view p, const Location* location) { return p < location->name; });
  for (int i = static_cast<int>(after - prefixes_.begin()) - 1; i >= 0; i = parents_[static_cast<std::size_t>(i)]) {
    const Location* const location = prefixes_[static_cast<std::size_t>(i)];
    if (path.starts_with(location->name)) return {location, location->kind == LocationKind::kPrefixFinal};
  }
  return {};
}

const Location* LocationTable::Find(std::string_view path, Values* values, MatchFailure& failure) const {
  if (!exact_.empty()) {
    if (const auto exact = exact_.find(path); exact != exact_.end()) return exact->second;
  }

  Found found = FindPrefix(path);
  if (found.location != nullptr) {
    if (const Location* const inner = found.location->table.Find(path, values, failure); inner != nullptr) {
      // An exact or regex location inside decides; a longer prefix inside may still give way to a regex out here.
      if (inner->kind == LocationKind::kExact || inner->kind == LocationKind::kRegex) return inner;
      found.location = inner;
    }
    if (failure) return nullptr;
  }
  if (found.final) return found.location;

  for (const Location* regex : regexes_) {
    const Matched matched = regex->regex->Match(path, values, failure);
    if (matched == Matched::kFailed) return nullptr;
    if (matched == Matched::kNo) continue;
    const Location* const inner = regex->table.Find(path, values, failure);
    if (failure) return nullptr;
    return inner != nullptr ? inner : regex;
  }
  return found.location;
}

}  // namespace colmeia::site
