// The zones of shared memory that a configuration names: made by one directive each (limit_req_zone, limit_conn_zone),
// used by others before or behind it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/directive.h"
#include "config/source.h"
#include "zone/layout.h"

namespace colmeia::site {

// One zone by its place in the list that is the same in the compiler and in every worker.
struct Zone {
  std::string name;
  zone::ZoneKind kind = zone::ZoneKind::kRates;
  std::uint64_t size = 0;  // of its table, in bytes
  std::string key;         // as it is written
  std::uint64_t rate = 0;  // of a zone of rates, in thousandths of a request a second
  std::string where;       // file:line of the directive that makes it
};

class ZoneList {
 public:
  // Both outlive this.
  ZoneList(const config::Source& source, config::Diagnostics& diagnostics)
      : source_(source), diagnostics_(diagnostics) {}

  // A directive makes a zone, or uses one; the ordinal of it. Two of one name, and uses as another kind, are errors at
  // `span` that tell the other place.
  std::uint32_t Make(const Zone& zone, config::Span span);
  void Use(std::string_view name, zone::ZoneKind kind, config::Span span);

  // All by ordinal, when every directive was read. One that is used and not made is an error.
  [[nodiscard]] std::vector<Zone> Finish();

 private:
  struct Entry {
    Zone zone;             // of size 0 while nothing makes it
    config::Span mention;  // the first one
  };
  std::uint32_t Mention(std::string_view name, zone::ZoneKind kind, config::Span span);

  const config::Source& source_;
  config::Diagnostics& diagnostics_;
  std::vector<Entry> entries_;
};

// "zone=NAME:SIZE"; nothing after an error was reported. REQUIRES: the word begins with "zone=".
struct ZoneParameter {
  std::string name;
  std::uint64_t size = 0;
};
[[nodiscard]] std::optional<ZoneParameter> ReadZoneParameter(const config::Call& call, const config::Word& word);

}  // namespace colmeia::site
