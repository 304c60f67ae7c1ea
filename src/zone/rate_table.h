// RateTable: how far each key is above a rate of requests: the leaky bucket of limit_req, with nginx's arithmetic.
//
// A key's excess grows by one request each time and shrinks with the rate; a request that would bring it above the
// burst is not counted. Rates and excesses are in thousandths of a request, as in nginx: 1000 is one (per second).
//
// A key is worth forgetting when its next request would count like that of a new one.
#pragma once

#include <cstdint>
#include <optional>

#include "zone/table.h"

namespace colmeia::zone {

class RateTable {
 public:
  // No excess grows beyond it: 134,217 requests.
  static constexpr std::uint64_t kMostExcess = (std::uint64_t{1} << 27) - 1;

  enum class Verdict {
    kPasses,   // and was counted, where that was asked for
    kExceeds,  // is above the burst, and was not counted
    kFull,     // there is no room for the key
  };
  struct Result {
    Verdict verdict = Verdict::kPasses;
    std::uint64_t excess = 0;  // with this request
  };

  // `table` is one of ZoneKind::kRates.
  explicit RateTable(const Table& table) : table_(table) {}

  // What a request of this key would be. Changes nothing.
  [[nodiscard]] Result Look(std::uint64_t hash, std::uint64_t rate, std::uint64_t burst, std::uint64_t now_ms) const;

  // The same, and counts it unless it exceeds.
  [[nodiscard]] Result Take(std::uint64_t hash, std::uint64_t rate, std::uint64_t burst, const Claimer& claimer) const;

  // Whether the key of a slot with this state still counts. REQUIRES: Table::IsSet(state), rate > 0.
  [[nodiscard]] static bool Lives(std::uint64_t state, std::uint64_t rate, std::uint64_t now_ms);

  // Counts one in any case.
  [[nodiscard]] Result Add(std::uint64_t hash, std::uint64_t rate, const Claimer& claimer) const {
    return Take(hash, rate, kMostExcess, claimer);
  }

 private:
  const Table table_;
};

// How long a request with such an excess has to wait so that the rate is kept; `undelayed` is the excess up to which
// none has to. In milliseconds.
[[nodiscard]] constexpr std::uint64_t DelayMs(std::uint64_t excess, std::uint64_t undelayed, std::uint64_t rate) {
  return excess <= undelayed ? 0 : (excess - undelayed) * 1000 / rate;
}

}  // namespace colmeia::zone
