// Values: what an exchange knows so far of the variables that the configuration itself makes (site/variable_table.h),
// and the groups $1 to $9 of the last regular expression that matched.
//
// A variable has a slot, which is a number. A slot is empty until the variable is set, or is asked for and computed. The
// views are the exchange's: they point into its head, its arena or the configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace colmeia::site {

struct ValueSlot {
  enum class State : std::uint8_t {
    kEmpty,      // not yet asked for
    kComputing,  // its value is being found: who asks for it now goes round in a circle
    kNone,       // it has no value
    kValue,      // it has `value`
  };
  State state = State::kEmpty;
  std::string_view value;
};

class Values {
 public:
  // Valid until a higher slot is asked for.
  [[nodiscard]] ValueSlot& At(std::uint32_t slot) {
    if (slot >= slots_.size()) slots_.resize(slot + 1);
    return slots_[slot];
  }
  void Set(std::uint32_t slot, std::string_view value) { At(slot) = {ValueSlot::State::kValue, value}; }

  // Those of an exchange that this one is a child of, which outlives it. Its groups stay its own.
  void Inherit(const Values& parent) {
    slots_ = parent.slots_;
    for (ValueSlot& slot : slots_) {
      if (slot.state == ValueSlot::State::kComputing) slot = {};
    }
  }

  // For the next exchange; memory is kept.
  void Clear() {
    groups.clear();
    slots_.clear();
  }

  // All views.
  template <class Visit>
  void ForEachText(Visit&& visit) {
    for (std::string_view& group : groups) visit(group);
    for (ValueSlot& slot : slots_) visit(slot.value);
  }

  // [0] is the whole match; empty when none matched, and after a match that failed in the rewrite phase.
  std::vector<std::string_view> groups;

 private:
  std::vector<ValueSlot> slots_;
};

}  // namespace colmeia::site
