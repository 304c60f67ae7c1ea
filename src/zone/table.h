// Table: the slots of a zone, a hash table without a lock: whoever dies at whatever instruction, it stays of use.
//
// A slot is a hash and one word of state. The word is changed by compare-and-swap (CAS) alone, and says what it is:
//
//   vacant  0: the slot is nobody's
//   busy    bit 63: somebody is changing what hash it is for, first as kNaming, then as kNamed
//   set     bit 62: it is its hash's; the other bits belong to the tenant (zone/rate_table.h, zone/count_table.h)
//
// A slot changes its hash like this, each step a CAS that fails if another process came in between:
//
//   1. state: vacant, or the word of a key that is worth forgetting -> busy, naming
//   2. hash:  the old one -> the new one
//   3. state: busy, naming -> busy, named
//   4. no other slot is set or named for the same hash: of two that are named the lower one cancels the higher
//   5. state: busy, named -> set, the first word of the new key
//
// A reader that meets a busy slot of another key takes the next. One that meets its own key named takes the steps 4 and
// 5 itself, so nobody waits for a process that died there. What is busy for kStale is anybody's: its process is gone.
// (A process that stood still for that long between 1 and 2 and then goes on can give the slot to its own key with the
// word of another one. Nothing else comes of it.)
//
// Words are never what they were before: a tenant's word carries a time or a number that only grows. So a CAS from a
// word that was read as one key's cannot hit another key's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "zone/hash.h"
#include "zone/layout.h"

namespace colmeia::zone {

// Of a process, for the words of busy slots.
struct Claimer {
  std::uint32_t holder = 0;
  std::uint64_t now_ms = 0;  // CLOCK_MONOTONIC
};

class Table {
 public:
  static constexpr std::uint64_t kBusy = std::uint64_t{1} << 63;
  static constexpr std::uint64_t kSet = std::uint64_t{1} << 62;
  static constexpr std::uint64_t kNamed = std::uint64_t{1} << 61;  // of a busy word; without it: naming
  static constexpr std::uint64_t kStaleMs = 10'000;

  [[nodiscard]] static constexpr bool IsBusy(std::uint64_t state) { return (state & kBusy) != 0; }
  [[nodiscard]] static constexpr bool IsSet(std::uint64_t state) { return (state & (kBusy | kSet)) == kSet; }

  // A table of no slots, which finds nothing.
  Table() = default;

  // Makes zeroed memory of common_size() bytes a zone. Once, before any other process sees it.
  static void Format(std::span<std::byte> memory, const TableGeometry& geometry, const HashKey& key);

  // Whether memory that others had is a zone of this layout, kind and size.
  [[nodiscard]] static bool Knows(std::span<std::byte> memory, const TableGeometry& geometry);

  // The table in the memory of a zone, which outlives the table and its copies. The geometry is that of whoever made
  // the zone and not read there, and the key is copied: what is written later changes neither.
  // REQUIRES: `memory` has common_size() bytes.
  [[nodiscard]] static Table Attach(std::span<std::byte> memory, const TableGeometry& geometry);

  [[nodiscard]] std::uint64_t Hash(std::string_view key) const;
  // Counts a request that found no room for its key. REQUIRES: Attach() made this.
  void CountRefused() const { header_->refused.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t refused() const {
    return header_ == nullptr ? 0 : header_->refused.load(std::memory_order_relaxed);
  }
  [[nodiscard]] const TableGeometry& geometry() const { return geometry_; }
  [[nodiscard]] std::size_t size() const { return geometry_.slots(); }
  // REQUIRES: index < size().
  [[nodiscard]] Entry& operator[](std::size_t index) const { return slots_[index]; }
  // REQUIRES: a zone of counts, holder < kHands.
  [[nodiscard]] Hand& HandOf(std::uint32_t holder) const { return hands_[holder]; }

  // The slot that is set for `hash`.
  [[nodiscard]] std::optional<std::size_t> Find(std::uint64_t hash) const;

  struct Claimed {
    std::size_t index = 0;
    bool is_new = false;  // its state was `first` when it was set
  };
  // The same, or a slot that becomes it. `first` is its word then, with kSet. `worth(state)` says how willingly a set
  // slot's key is forgotten, more being more willing, and nothing when it is not to be. Nothing when no slot is to be
  // had: both buckets are full of keys that live.
  template <class Worth>
  [[nodiscard]] std::optional<Claimed> Claim(std::uint64_t hash, std::uint64_t first, const Claimer& claimer,
                                             Worth worth) const {
    for (int i = 0; i < kMostTries; ++i) {
      const Look look = LookFor(hash, claimer.now_ms, worth);
      if (look.set) return Claimed{*look.set, false};
      if (look.named) {
        if (Settle(hash, *look.named, look.word, first)) return Claimed{*look.named, true};
        continue;
      }
      if (!look.victim) return std::nullopt;
      if (Take(hash, *look.victim, look.word, first, claimer)) return Claimed{*look.victim, true};
    }
    return std::nullopt;
  }

 private:
  static constexpr int kMostTries = 100;  // each but the last fails because another process got on

  // The indices where a hash may be, in rising order.
  struct Places {
    std::array<std::size_t, 2 * kSlotsPerBucket> index;
    std::size_t count = 0;
  };
  [[nodiscard]] Places PlacesOf(std::uint64_t hash) const;

  struct Look {
    std::optional<std::size_t> set;     // the slot of the hash
    std::optional<std::size_t> named;   // or one that is about to be
    std::optional<std::size_t> victim;  // or the one to take
    std::uint64_t word = 0;             // the state of `named` or `victim`
  };
  // The vacant slots of one bucket.
  struct Vacancy {
    std::size_t count = 0;
    std::size_t index = 0;  // of one of them
    void Add(std::size_t one) {
      ++count;
      index = one;
    }
  };
  template <class Worth>
  [[nodiscard]] Look LookFor(std::uint64_t hash, std::uint64_t now_ms, Worth worth) const {
    Look look;
    std::uint64_t best = 0;
    std::array<Vacancy, 2> vacancies;
    const Places places = PlacesOf(hash);
    for (std::size_t i = 0; i < places.count; ++i) {
      const std::size_t index = places.index[i];
      const std::uint64_t state = slots_[index].state.load();
      const bool is_ours = slots_[index].hash.load() == hash;
      if (is_ours && IsSet(state)) {
        look.set = index;
        return look;
      }
      if (look.named) continue;
      if (is_ours && IsBusy(state) && (state & kNamed) != 0) {
        look.named = index;
        look.word = state;
        continue;
      }
      if (state == 0) vacancies[i / kSlotsPerBucket].Add(index);
      if (state == 0 || vacancies[0].count + vacancies[1].count > 0) continue;
      std::optional<std::uint64_t> value;
      if (IsSet(state)) {
        value = worth(state);
      } else if (IsStale(state, now_ms)) {
        value = UINT64_MAX;
      }
      if (!value || (look.victim && *value <= best)) continue;
      best = *value;
      look.victim = index;
      look.word = state;
    }
    // The emptier bucket: so both fill evenly, and keys find a place until nearly all slots are taken.
    const Vacancy& emptier = vacancies[vacancies[1].count > vacancies[0].count ? 1 : 0];
    if (!look.named && emptier.count > 0) {
      look.victim = emptier.index;
      look.word = 0;
    }
    return look;
  }

  [[nodiscard]] static std::uint64_t BusyWord(const Claimer& claimer);
  [[nodiscard]] static bool IsStale(std::uint64_t state, std::uint64_t now_ms);
  // Steps 1 to 5. False when another process came in between, or has the key.
  bool Take(std::uint64_t hash, std::size_t index, std::uint64_t from, std::uint64_t first,
            const Claimer& claimer) const;
  // Steps 4 and 5, of a slot that was seen named with this word.
  bool Settle(std::uint64_t hash, std::size_t index, std::uint64_t word, std::uint64_t first) const;

  TableGeometry geometry_{.size = sizeof(TableHeader)};
  HashKey key_{};
  TableHeader* header_ = nullptr;  // within the memory, as all of these
  Entry* slots_ = nullptr;
  Hand* hands_ = nullptr;
};

}  // namespace colmeia::zone
