#include "zone/rate_table.h"

#include <algorithm>

namespace colmeia::zone {
namespace {

// A word: kSet, the time of the key's last request in milliseconds, its excess.
constexpr int kExcessBits = 27;
constexpr int kLastBits = 35;
static_assert(kExcessBits + kLastBits == 62, "kBusy and kSet are above");
constexpr std::uint64_t kLastMask = (std::uint64_t{1} << kLastBits) - 1;
constexpr std::uint64_t kRequest = 1000;
constexpr int kTriesToCount = 1000;

// The clock of the process that wrote last may be ahead of ours by a turn of its loop.
constexpr std::uint64_t kAheadMs = 60'000;

std::uint64_t RateWord(std::uint64_t last_ms, std::uint64_t excess) {
  return Table::kSet | (last_ms & kLastMask) << kExcessBits | excess;
}

std::uint64_t LastOf(std::uint64_t word) { return word >> kExcessBits & kLastMask; }

std::uint64_t AgeOf(std::uint64_t word, std::uint64_t now_ms) {
  const std::uint64_t age = (now_ms - LastOf(word)) & kLastMask;
  return age > kLastMask - kAheadMs ? 0 : age;
}

// The excess with one more request; below 0 the key is like a new one.
std::int64_t Next(std::uint64_t word, std::uint64_t rate, std::uint64_t age_ms) {
  const std::uint64_t level = (word & RateTable::kMostExcess) + kRequest;
  // Compared before it is multiplied: an age may be a year.
  const std::uint64_t drained = age_ms > level * 1000 / rate + 1 ? level + 1 : rate * age_ms / 1000;
  return static_cast<std::int64_t>(level) - static_cast<std::int64_t>(drained);
}

}  // namespace

bool RateTable::Lives(std::uint64_t state, std::uint64_t rate, std::uint64_t now_ms) {
  return Next(state, rate, AgeOf(state, now_ms)) > 0;
}

RateTable::Result RateTable::Look(std::uint64_t hash, std::uint64_t rate, std::uint64_t burst,
                                  std::uint64_t now_ms) const {
  const std::optional<std::size_t> index = table_.Find(hash);
  if (!index) return {};
  const std::uint64_t word = table_[*index].state.load();
  if (!Table::IsSet(word)) return {};
  const auto excess = static_cast<std::uint64_t>(std::max<std::int64_t>(0, Next(word, rate, AgeOf(word, now_ms))));
  return {excess > burst ? Verdict::kExceeds : Verdict::kPasses, excess};
}

RateTable::Result RateTable::Take(std::uint64_t hash, std::uint64_t rate, std::uint64_t burst,
                                  const Claimer& claimer) const {
  const auto worth = [rate, now = claimer.now_ms](std::uint64_t word) -> std::optional<std::uint64_t> {
    return Lives(word, rate, now) ? std::nullopt : std::optional(AgeOf(word, now));
  };
  for (int i = 0; i < kTriesToCount; ++i) {
    const auto claimed = table_.Claim(hash, RateWord(claimer.now_ms, 0), claimer, worth);
    if (!claimed) return {Verdict::kFull, 0};
    if (claimed->is_new) return {};
    Entry& slot = table_[claimed->index];
    std::uint64_t word = slot.state.load();
    if (!Table::IsSet(word) || slot.hash.load() != hash) continue;
    const std::uint64_t age = AgeOf(word, claimer.now_ms);
    const auto excess = static_cast<std::uint64_t>(std::max<std::int64_t>(0, Next(word, rate, age)));
    if (excess > burst) return {Verdict::kExceeds, excess};
    const std::uint64_t kept = std::min(excess, kMostExcess);
    const std::uint64_t last = age == 0 ? LastOf(word) : claimer.now_ms;
    if (slot.state.compare_exchange_strong(word, RateWord(last, kept))) return {Verdict::kPasses, excess};
  }
  return {Verdict::kFull, 0};
}

}  // namespace colmeia::zone
