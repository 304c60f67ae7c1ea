#include "site/limit_zones.h"

#include <algorithm>
#include <utility>

namespace colmeia::site {

void MakeZones(std::span<const LimitZoneDraft> drafts, zone::ZoneKind kind, MergeContext& context, LimitZones& zones) {
  for (const LimitZoneDraft& draft : drafts) {
    Zone planned;
    planned.name = draft.zone.name;
    planned.kind = kind;
    planned.size = draft.zone.size;
    planned.key = draft.key.text;
    planned.rate = draft.rate;
    LimitZone made;
    made.name = draft.zone.name;
    made.key = context.Compile(draft.key);
    made.rate = draft.rate;
    made.ordinal = context.zones().Make(planned, draft.span);
    zones.push_back(std::make_shared<const LimitZone>(std::move(made)));
  }
}

std::shared_ptr<const LimitZone> UseZone(const LimitZones& zones, std::string_view name, zone::ZoneKind kind,
                                         config::Span span, MergeContext& context) {
  context.zones().Use(name, kind, span);
  const auto named = std::find_if(zones.begin(), zones.end(), [name](const auto& zone) { return zone->name == name; });
  return named == zones.end() ? nullptr : *named;
}

}  // namespace colmeia::site
