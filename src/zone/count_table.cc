#include "zone/count_table.h"

#include <algorithm>

namespace colmeia::zone {
namespace {

constexpr auto kRelease = std::memory_order_release;

// A word: kSet, the count, who changed it last, and which of its changes that was.
constexpr int kSequenceBits = 34;
constexpr int kHolderBitsOfCount = 12;
constexpr std::uint64_t kSequenceMask = (std::uint64_t{1} << kSequenceBits) - 1;
constexpr std::uint64_t kHolderMask = (std::uint64_t{1} << kHolderBitsOfCount) - 1;
static_assert(kHands <= kHolderMask, "a word has room for every holder");
constexpr int kTriesToChange = 10'000;

std::uint64_t CountWord(std::uint64_t count, std::uint32_t holder, std::uint64_t sequence) {
  return Table::kSet | count << (kSequenceBits + kHolderBitsOfCount) | std::uint64_t{holder} << kSequenceBits |
         (sequence & kSequenceMask);
}
std::uint64_t CountIn(std::uint64_t word) {
  return word >> (kSequenceBits + kHolderBitsOfCount) & CountTable::kMostCount;
}
std::uint32_t HolderIn(std::uint64_t word) { return static_cast<std::uint32_t>(word >> kSequenceBits & kHolderMask); }

// Tells the holder that made the word that it was seen. Words have the end of the sequence number; the rest is that of
// the holder's latest one.
void Acknowledge(const Table& table, std::uint64_t word) {
  if (HolderIn(word) >= kHands) return;
  Hand& hand = table.HandOf(HolderIn(word));
  const std::uint64_t latest = hand.sequence.load();
  const std::uint64_t sequence = latest - ((latest - word) & kSequenceMask);
  std::uint64_t known = hand.acknowledged.load();
  for (int i = 0; i < kTriesToChange && known < sequence; ++i) {
    if (hand.acknowledged.compare_exchange_strong(known, sequence)) return;
  }
}

// What Hand::change says of a change.
std::uint64_t ChangeOf(std::size_t index, std::uint64_t way) { return (std::uint64_t{index} + 1) << 1 | way; }

// For CountTable::Swap: so many less, and never less than nothing.
auto Less(std::uint64_t by) {
  return [by](std::uint64_t count) { return std::optional(count - std::min(count, by)); };
}

}  // namespace

bool CountTable::Lives(std::uint64_t state) { return CountIn(state) > 0; }

std::uint64_t CountTable::NextSequence() const {
  Hand& hand = table_.HandOf(holder_);
  const std::uint64_t sequence = hand.sequence.load(std::memory_order_relaxed) + 1;
  hand.sequence.store(sequence, kRelease);
  return sequence;
}

// Step 2 of a change: the count of a slot, from what it is to what `next` makes of it.
template <class Next>
CountTable::Changed CountTable::Swap(std::size_t index, std::optional<std::uint64_t> hash, std::uint64_t sequence,
                                     Next next) const {
  Entry& slot = table_[index];
  for (int i = 0; i < kTriesToChange; ++i) {
    std::uint64_t word = slot.state.load();
    if (!Table::IsSet(word) || (hash && slot.hash.load() != *hash)) return Changed::kLost;
    const std::optional<std::uint64_t> count = next(CountIn(word));
    if (!count) return Changed::kReached;
    Acknowledge(table_, word);
    if (slot.state.compare_exchange_strong(word, CountWord(*count, holder_, sequence))) return Changed::kDone;
  }
  return Changed::kLost;
}

template <class Next>
CountTable::Changed CountTable::Change(std::size_t index, std::optional<std::uint64_t> hash, Way way, Next next) const {
  Hand& hand = table_.HandOf(holder_);
  const std::uint16_t before = share_[index].load(std::memory_order_relaxed);
  const std::uint64_t sequence = NextSequence();
  hand.before.store(before, kRelease);
  hand.change.store(ChangeOf(index, static_cast<std::uint64_t>(way)), kRelease);
  const Changed result = Swap(index, hash, sequence, next);
  if (result == Changed::kDone) {
    share_[index].store(static_cast<std::uint16_t>(way == Way::kMore ? before + 1 : before - 1), kRelease);
  }
  hand.change.store(0, kRelease);
  return result;
}

CountTable::Result CountTable::Take(std::uint64_t hash, std::uint64_t limit, std::uint64_t now_ms) const {
  // Only keys that have nothing are forgotten; the word that is about to go may be the only trace of a change.
  const auto worth = [this](std::uint64_t word) -> std::optional<std::uint64_t> {
    if (CountIn(word) != 0) return std::nullopt;
    Acknowledge(table_, word);
    return 1;
  };
  for (int i = 0; i < kTriesToChange; ++i) {
    const std::uint64_t first = CountWord(0, holder_, NextSequence());
    const auto claimed = table_.Claim(hash, first, {.holder = holder_, .now_ms = now_ms}, worth);
    if (!claimed || claimed->index >= share_.size()) return {Verdict::kFull, 0};
    const bool is_most = share_[claimed->index].load(std::memory_order_relaxed) == kMostCount;
    const std::uint64_t most = is_most ? 0 : std::min(limit, kMostCount);
    switch (Change(claimed->index, hash, Way::kMore,
                   [most](std::uint64_t count) { return count < most ? std::optional(count + 1) : std::nullopt; })) {
      case Changed::kDone:
        return {Verdict::kTaken, claimed->index};
      case Changed::kReached:
        return {Verdict::kReached, 0};
      case Changed::kLost:
        break;
    }
  }
  return {Verdict::kFull, 0};
}

void CountTable::Give(std::size_t index) const {
  if (index >= share_.size() || share_[index].load(std::memory_order_relaxed) == 0) return;
  static_cast<void>(Change(index, std::nullopt, Way::kLess, Less(1)));
}

std::uint64_t CountTable::Of(std::uint64_t hash) const {
  const std::optional<std::size_t> index = table_.Find(hash);
  if (!index) return 0;
  const std::uint64_t word = table_[*index].state.load();
  return Table::IsSet(word) ? CountIn(word) : 0;
}

std::uint64_t CountTable::GiveBack(const Table& table, std::span<ShareCell> share, std::uint32_t dead,
                                   std::uint32_t by) {
  if (dead >= kHands || by >= kHands || dead == by || share.size() < table.size()) return 0;
  Hand& hand = table.HandOf(dead);
  // A change that was under way: the share is what it would be if the dead had come to its end.
  if (const std::uint64_t change = hand.change.load(); change != 0 && (change >> 1) - 1 < table.size()) {
    const std::size_t index = static_cast<std::size_t>((change >> 1) - 1);
    const std::uint64_t sequence = hand.sequence.load();
    const std::uint64_t word = table[index].state.load();
    const bool stands = Table::IsSet(word) && HolderIn(word) == dead && ((sequence - word) & kSequenceMask) == 0;
    const bool took_place = stands || hand.acknowledged.load() >= sequence;
    const std::uint64_t before = std::min<std::uint64_t>(hand.before.load(), UINT16_MAX);
    const bool is_less = (change & 1) != 0;
    std::uint64_t after = before;
    if (took_place) after = is_less ? before - std::min<std::uint64_t>(before, 1) : before + 1;
    share[index].store(static_cast<std::uint16_t>(std::min<std::uint64_t>(after, UINT16_MAX)));
  }
  // No share of its own: nothing is to be given back after it.
  std::uint64_t given = 0;
  const CountTable master(table, {}, by);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::uint64_t had = share[i].load(std::memory_order_relaxed);
    if (had == 0) continue;
    given += had;
    static_cast<void>(master.Swap(i, std::nullopt, master.NextSequence(), Less(had)));
    share[i].store(0, std::memory_order_relaxed);
  }
  hand.change.store(0);
  return given;
}

}  // namespace colmeia::zone
