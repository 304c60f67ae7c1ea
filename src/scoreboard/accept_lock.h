// AcceptLock: the lock of `accept_by mutex`: its holder waits for clients on the shared listening sockets.
//
// It is one cell of the scoreboard's memory, which every worker maps and may write: it keeps workers that behave out of
// each other's way, and guards nothing. A worker that accepts without it does no harm, and one that was broken into can
// put anything there; so no worker relies on it for long (worker/mutex_acceptor.h).
//
// The holder is known by its slot, so that a lock outlives no process: the master frees it when it retires the slot,
// and any worker may break it when it has no holder, or one that has shown no life for long.
#pragma once

#include <cstdint>
#include <optional>

#include "scoreboard/layout.h"

namespace colmeia::scoreboard {

class AcceptLock {
 public:
  // `cell` outlives this.
  explicit AcceptLock(Cell& cell) : cell_(&cell) {}

  // True when it is held by `slot` from here on, also when it was before. Never waits.
  [[nodiscard]] bool TryLock(std::uint32_t slot) {
    std::uint64_t held = kFree;
    return cell_->compare_exchange_strong(held, Name(slot), std::memory_order_acquire) || held == Name(slot);
  }

  // Frees it if `slot` holds it. True when it did.
  bool Unlock(std::uint32_t slot) {
    std::uint64_t held = Name(slot);
    return cell_->load(std::memory_order_relaxed) == held &&
           cell_->compare_exchange_strong(held, kFree, std::memory_order_release);
  }

  // Takes it from its holder, also when its memory holds what no worker of ours writes. True when it was held.
  bool Break() {
    std::uint64_t held = cell_->load(std::memory_order_relaxed);
    return held != kFree && cell_->compare_exchange_strong(held, kFree, std::memory_order_release);
  }

  [[nodiscard]] bool held() const { return cell_->load(std::memory_order_relaxed) != kFree; }

  // Nothing when it is free, or when its memory holds what no worker of ours writes.
  [[nodiscard]] std::optional<std::uint32_t> holder() const {
    const std::uint64_t held = cell_->load(std::memory_order_relaxed);
    if (held == kFree || held > kSlots) return std::nullopt;
    return static_cast<std::uint32_t>(held - 1);
  }

 private:
  static constexpr std::uint64_t kFree = 0;
  static constexpr std::uint64_t Name(std::uint32_t slot) { return std::uint64_t{slot} + 1; }

  Cell* cell_;
};

}  // namespace colmeia::scoreboard
