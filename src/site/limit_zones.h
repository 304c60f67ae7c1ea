// What limit_req and limit_conn have in common: zones with a key, and the levels at which a refusal may be logged.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/setters.h"
#include "log/level.h"
#include "site/module.h"
#include "site/template.h"
#include "site/zones.h"

namespace colmeia::site {

inline constexpr config::EnumValue<log::Level> kLimitLevels[] = {{"info", log::Level::kInfo},
                                                                 {"notice", log::Level::kNotice},
                                                                 {"warn", log::Level::kWarn},
                                                                 {"error", log::Level::kError}};

// One limit_req_zone or limit_conn_zone, as it was read.
struct LimitZoneDraft {
  PlacedText key;
  ZoneParameter zone;
  std::uint64_t rate = 0;  // as Zone::rate
  config::Span span;
};

// And as it is used.
struct LimitZone {
  std::uint32_t ordinal = 0;  // in Site::zones
  std::string name;
  Template key;
  std::uint64_t rate = 0;
};
using LimitZones = std::vector<std::shared_ptr<const LimitZone>>;

// Makes the zones of one block, behind those of the blocks around it.
void MakeZones(std::span<const LimitZoneDraft> drafts, zone::ZoneKind kind, MergeContext& context, LimitZones& zones);

// The zone that a limit at `span` names. Null when there is none of this kind: that is an error, or will be one when all
// was read.
[[nodiscard]] std::shared_ptr<const LimitZone> UseZone(const LimitZones& zones, std::string_view name,
                                                       zone::ZoneKind kind, config::Span span, MergeContext& context);

}  // namespace colmeia::site
