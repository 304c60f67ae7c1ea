#include "modules/map_table.h"

#include <algorithm>

namespace colmeia::modules {

MapTable::Added MapTable::AddText(std::string_view key, std::uint32_t value) {
  return texts_.Add(key, value) ? Added::kYes : Added::kTwice;
}

MapTable::Added MapTable::AddHostname(std::string_view key, std::uint32_t value) {
  const auto stars = std::count(key.begin(), key.end(), '*');
  if (stars > 1 || key.find("..") != std::string_view::npos) return Added::kNoHostname;
  if (key.size() > 1 && key.front() == '.') {
    if (!texts_.Add(key.substr(1), value)) return Added::kTwice;
    return below_.Add(key, value) ? Added::kYes : Added::kTwice;
  }
  if (key.size() > 2 && key.starts_with("*.")) return below_.Add(key.substr(1), value) ? Added::kYes : Added::kTwice;
  if (key.size() > 2 && key.ends_with(".*")) {
    return prefixes_.Add(key.substr(0, key.size() - 1), value) ? Added::kYes : Added::kTwice;
  }
  return stars == 0 ? AddText(key, value) : Added::kNoHostname;
}

std::optional<std::uint32_t> MapTable::FindWildcard(std::string_view host) const {
  if (!below_.empty()) {
    // The longest one begins at the first dot; as in nginx "*" may stand for nothing.
    for (std::size_t dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
      if (const auto value = below_.Find(host.substr(dot))) return value;
    }
  }
  if (!prefixes_.empty()) {
    for (std::size_t dot = host.rfind('.'); dot != std::string_view::npos && dot > 0; dot = host.rfind('.', dot - 1)) {
      if (const auto value = prefixes_.Find(host.substr(0, dot + 1))) return value;
    }
  }
  return std::nullopt;
}

std::optional<std::uint32_t> MapTable::Find(std::string_view text, site::Values& values,
                                            site::MatchFailure& failure) const {
  if (const auto value = texts_.Find(text)) return value;
  if (text.empty()) return std::nullopt;
  if (const auto value = FindWildcard(text)) return value;
  for (const RegexLine& line : regexes_) {
    const site::Matched matched = line.regex.Match(text, &values, failure);
    if (matched == site::Matched::kYes) return line.value;
    if (matched == site::Matched::kFailed) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace colmeia::modules
