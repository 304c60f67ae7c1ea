// Fields: how a struct of this folder names its members, once, for JSON in both directions, for tables on a terminal
// and for the manual.
//
//   struct Health {
//     std::string state;
//     static constexpr void Fields(auto& self, auto&& visit) {
//       visit(Field{"state", "STATE", Unit::kText, "what the server is about"}, self.state);
//     }
//   };
//
// A member is a std::uint64_t, std::optional<std::uint64_t>, bool, std::string, a struct with Fields, or a std::vector
// of such structs.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace colmeia::control {

// How a person reads a value.
enum class Unit {
  kText,
  kNumber,
  kFlag,          // yes or no
  kBytes,         // 1.5M
  kMilliseconds,  // 3.2s, 1h12m
  kNanoseconds,   // 850us
  kGroup,         // a struct, or a list of structs
};

struct Field {
  std::string_view name;   // in JSON
  std::string_view title;  // of the column on a terminal; empty for a list, which is a table of its own
  Unit unit = Unit::kText;
  std::string_view meaning;  // one phrase for the manual
};

// A visitor that does nothing, to ask whether a type has Fields.
struct NoVisitor {
  template <class Member>
  constexpr void operator()(const Field&, Member&) const {}
};

template <class T>
concept HasFields = requires(T& value, NoVisitor visitor) {
  std::remove_const_t<T>::Fields(value, visitor);
};

}  // namespace colmeia::control
