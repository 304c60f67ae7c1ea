// A status in which every member has a value of its own, lists two of each, and a walk over all fields.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "control/fields.h"
#include "control/status.h"

namespace colmeia::control {

struct Numberer {
  std::uint64_t& last;

  void operator()(const Field& field, auto& member) const {
    using Member = std::remove_reference_t<decltype(member)>;
    if constexpr (HasFields<Member>) {
      Member::Fields(member, *this);
    } else if constexpr (std::is_same_v<Member, bool>) {
      member = !member;
    } else if constexpr (std::is_same_v<Member, std::string>) {
      member = std::string(field.name) + std::to_string(++last);
    } else if constexpr (requires { member.emplace_back(); }) {
      for (int i = 0; i < 2; ++i) Member::value_type::Fields(member.emplace_back(), *this);
    } else {
      member = ++last;
    }
  }
};

inline Status FullStatus() {
  Status status;
  std::uint64_t last = 0;
  Status::Fields(status, Numberer{last});
  return status;
}

// Calls look(field) for every field that holds a value, of all structs within.
template <class Look>
struct Leaves {
  Look& look;

  template <class Member>
  void operator()(const Field& field, const Member& member) const {
    if constexpr (HasFields<Member>) {
      Member::Fields(member, *this);
    } else if constexpr (requires { member.front(); } && !std::is_same_v<Member, std::string>) {
      for (const auto& one : member) std::remove_cvref_t<decltype(one)>::Fields(one, *this);
    } else {
      look(field);
    }
  }
};

template <class Look>
void ForEachLeaf(const Status& status, Look look) {
  Status::Fields(status, Leaves<Look>{look});
}

}  // namespace colmeia::control
