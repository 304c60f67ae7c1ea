// CountTable: how much each key has at the moment, given back when it is over: the connections of limit_conn.
//
// A key's count is one word that all change by compare-and-swap, so a limit is kept exactly. What a process has of it
// stands in a share of its own beside the table, so that it can be given back when the process dies. Count and share
// are two words; a process may die between them. So it notes in its hand what it is about to do, and each word tells
// whose change made it and the number of that change: whoever changes the word next acknowledges that number first.
// Then it is always known whether a change of the dead took place:
//
//   1. hand: number, share before, which slot and which way
//   2. word: acknowledge the number in it to its holder; CAS to the new count with our number
//   3. share
//   4. hand: nothing is under way
//
// A key is worth forgetting when its count is 0.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "zone/table.h"

namespace colmeia::zone {

class CountTable {
 public:
  static constexpr std::uint64_t kMostCount = 65535;

  enum class Verdict {
    kTaken,    // counted; `index` is what Give() wants
    kReached,  // the key has as many as it may
    kFull,     // there is no room for the key
  };
  struct Result {
    Verdict verdict = Verdict::kTaken;
    std::size_t index = 0;
  };

  // `table` is one of ZoneKind::kCounts, `share` the holder's cells, one for each slot, which outlive this. Only one
  // process at a time may be the holder.
  CountTable(const Table& table, std::span<ShareCell> share, std::uint32_t holder)
      : table_(table), share_(share), holder_(holder) {}

  // One more for the key, unless it has `limit` already.
  [[nodiscard]] Result Take(std::uint64_t hash, std::uint64_t limit, std::uint64_t now_ms) const;

  // What Take() gave. Without effect where the share says that this holder has nothing there.
  void Give(std::size_t index) const;

  // Whether the key of a slot with this state has anything. REQUIRES: Table::IsSet(state).
  [[nodiscard]] static bool Lives(std::uint64_t state);

  // What the key has in all.
  [[nodiscard]] std::uint64_t Of(std::uint64_t hash) const;

  // What a dead holder had, given back by `by`, which is a holder of its own; how much it was. The share is zero
  // afterwards. Every value is looked at before it is believed, and nothing is waited for.
  static std::uint64_t GiveBack(const Table& table, std::span<ShareCell> share, std::uint32_t dead, std::uint32_t by);

 private:
  enum class Way : std::uint64_t { kMore = 0, kLess = 1 };
  enum class Changed {
    kDone,
    kReached,
    kLost,  // the slot is another key's, or nobody's
  };
  // Steps 1 to 4. `next` makes the new count of the old one, or nothing.
  template <class Next>
  [[nodiscard]] Changed Change(std::size_t index, std::optional<std::uint64_t> hash, Way way, Next next) const;
  template <class Next>
  [[nodiscard]] Changed Swap(std::size_t index, std::optional<std::uint64_t> hash, std::uint64_t sequence,
                             Next next) const;
  [[nodiscard]] std::uint64_t NextSequence() const;

  const Table table_;
  const std::span<ShareCell> share_;
  const std::uint32_t holder_;
};

}  // namespace colmeia::zone
