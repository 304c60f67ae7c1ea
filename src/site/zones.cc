#include "site/zones.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "util/units.h"

namespace colmeia::site {

std::uint32_t ZoneList::Mention(std::string_view name, zone::ZoneKind kind, config::Span span) {
  auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.zone.name == name; });
  if (at == entries_.end()) {
    Zone zone;
    zone.name = name;
    zone.kind = kind;
    at = entries_.insert(entries_.end(), Entry{std::move(zone), span});
  } else if (at->zone.kind != kind) {
    // Modules are asked in their own order, and the operator reads in that of the file.
    const bool in_order = at->mention.offset < span.offset;
    diagnostics_.Error(source_.Locate(in_order ? span : at->mention),
                       fmt::format("the shared memory zone \"{}\" is already declared for a different use: as one of "
                                   "{} at {}",
                                   name, zone::KindName(in_order ? at->zone.kind : kind),
                                   source_.Locate(in_order ? at->mention : span).ToString()));
  }
  return static_cast<std::uint32_t>(at - entries_.begin());
}

void ZoneList::Use(std::string_view name, zone::ZoneKind kind, config::Span span) { Mention(name, kind, span); }

std::uint32_t ZoneList::Make(const Zone& zone, config::Span span) {
  const std::uint32_t ordinal = Mention(zone.name, zone.kind, span);
  Entry& entry = entries_[ordinal];
  if (entry.zone.kind != zone.kind) return ordinal;
  if (entry.zone.size != 0) {
    diagnostics_.Error(source_.Locate(span),
                       fmt::format("{} \"{}\" is already bound to key \"{}\" at {}", zone::KindName(zone.kind),
                                   zone.name, entry.zone.key, entry.zone.where));
    return ordinal;
  }
  entry.zone = zone;
  entry.zone.where = source_.Locate(span).ToString();
  return ordinal;
}

std::vector<Zone> ZoneList::Finish() {
  std::vector<Zone> zones;
  for (Entry& entry : entries_) {
    if (entry.zone.size == 0) {
      diagnostics_.Error(source_.Locate(entry.mention),
                         fmt::format("zero size shared memory zone \"{}\": no {} makes it", entry.zone.name,
                                     zone::KindName(entry.zone.kind)));
    }
    zones.push_back(std::move(entry.zone));
  }
  return zones;
}

std::optional<ZoneParameter> ReadZoneParameter(const config::Call& call, const config::Word& word) {
  const std::string_view text = std::string_view(word.text).substr(std::string_view("zone=").size());
  const std::size_t colon = text.find(':');
  std::optional<std::uint64_t> size;
  if (colon != std::string_view::npos) size = util::ParseSize(text.substr(colon + 1));
  if (!size) {
    call.Error(word, fmt::format("invalid zone size {}; it is written zone=NAME:SIZE, as in zone=one:10m",
                                 config::Quoted(word.text)));
    return std::nullopt;
  }
  // More than any machine has would be refused by the kernel, in other words.
  static constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  if (*size < zone::kLeastSize || *size > kMost) {
    call.Error(word,
               fmt::format("zone {} is too {}: it must have between {} bytes and 1024g",
                           config::Quoted(text.substr(0, colon)), *size > kMost ? "large" : "small", zone::kLeastSize));
    return std::nullopt;
  }
  return ZoneParameter{std::string(text.substr(0, colon)), *size};
}

}  // namespace colmeia::site
