// Zones as modules use them: shared memory by its ordinal in Site::zones, and what is the same for every limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "site/template.h"
#include "util/seldom.h"
#include "zone/table.h"

namespace colmeia::pipeline {

class Exchange;

struct ZoneInUse {
  zone::Table table;
  std::span<zone::ShareCell> share{};  // of this process; a zone of counts only
  std::uint32_t holder = 0;            // as which it counts
  util::Seldom full{std::chrono::minutes(1)};
  void* latest = nullptr;  // the module's own: whose turn it was last
};

// What a limit counts: the hash of its key. Nothing when it is not counted: it is empty, or longer than `most` bytes,
// which an error tells.
[[nodiscard]] std::optional<std::uint64_t> HashOfKey(Exchange& exchange, const ZoneInUse& zone,
                                                     const site::Template& key, std::size_t most);

// There was no room for the key: it is counted, and there is one warning a minute for each zone.
void ReportFull(Exchange& exchange, ZoneInUse& zone, std::string_view kind, std::string_view name);

// CLOCK_MONOTONIC in milliseconds, as of this turn of the loop: what all processes of a machine agree about.
[[nodiscard]] std::uint64_t MonotonicMs(const Exchange& exchange);

}  // namespace colmeia::pipeline
