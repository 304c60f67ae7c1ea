#include "supervisor/slots.h"

#include <fmt/core.h>

#include "supervisor/signals.h"
#include "supervisor/words.h"
#include "util/check.h"

namespace colmeia::supervisor {
namespace {

bool Leads(SlotState from, SlotState to) {
  switch (to) {
    case SlotState::kReady:
      return from == SlotState::kStarting;
    case SlotState::kDraining:
      return from == SlotState::kStarting || from == SlotState::kReady;
    case SlotState::kKilled:
      return from == SlotState::kStarting || from == SlotState::kReady || from == SlotState::kDraining;
    case SlotState::kGone:
      return from != SlotState::kEmpty && from != SlotState::kGone;
    default:
      return false;
  }
}

}  // namespace

bool Slot::accepting() const {
  const bool runs = state == SlotState::kStarting || state == SlotState::kReady || state == SlotState::kDraining;
  return runs && (said == SlotSaid::kHello || said == SlotSaid::kReady);
}

std::string DescribeEnd(const Slot& slot) {
  std::string text = DescribeExit(slot.exit_code, slot.exit_signal);
  if (slot.hung) text += fmt::format(", hung for {}", Words(*slot.hung));
  if (!slot.serving.empty()) text += fmt::format(", serving \"{}\"", slot.serving);
  return text;
}

std::optional<std::uint32_t> SlotTable::Take(std::uint32_t generation, std::uint32_t seat) {
  for (std::uint32_t i = 0; i < kSize; ++i) {
    if (slots_[i].living()) continue;
    slots_[i] = Slot{};
    slots_[i].state = SlotState::kStarting;
    slots_[i].generation = generation;
    slots_[i].seat = seat;
    slots_[i].seated = true;
    ++living_;
    if (i >= used_) used_ = i + 1;
    return i;
  }
  return std::nullopt;
}

void SlotTable::Enter(std::uint32_t slot, SlotState state) {
  CHECK(slot < kSize);
  CHECK(Leads(slots_[slot].state, state));
  slots_[slot].state = state;
}

void SlotTable::Free(std::uint32_t slot) {
  CHECK(Lives(slot));
  const Slot& it = slots_[slot];
  CHECK(it.pid == 0 || it.ends == SlotEnds::kBoth);
  slots_[slot] = Slot{};
  --living_;
  while (used_ > 0 && !slots_[used_ - 1].living()) --used_;
}

std::uint32_t SlotTable::LivingIn(std::uint32_t generation) const {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < used_; ++i) {
    if (slots_[i].living() && slots_[i].generation == generation) ++count;
  }
  return count;
}

std::optional<std::uint32_t> SlotTable::Occupant(std::uint32_t generation, std::uint32_t seat) const {
  for (std::uint32_t i = 0; i < used_; ++i) {
    const Slot& slot = slots_[i];
    if (slot.living() && slot.seated && slot.generation == generation && slot.seat == seat) return i;
  }
  return std::nullopt;
}

}  // namespace colmeia::supervisor
