// Variables by name: the built-in ones of the modules, and those that a configuration makes itself, by `set`, `map`,
// `geo`, `split_clients` and by named groups of regular expressions.
//
// As in nginx a name is known in the whole configuration, also above the line that makes it, and in no case but lower
// case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "util/strings.h"

namespace colmeia::pipeline {
class Exchange;
}  // namespace colmeia::pipeline

namespace colmeia::site {

// Gives the value for one exchange, or nothing when the variable has none ("-" in an access log, empty elsewhere).
// `suffix` is what follows the name of a prefix variable: "user_agent" for $http_user_agent.
// The view is valid until the exchange is reset.
using Getter = std::optional<std::string_view> (*)(pipeline::Exchange& exchange, std::string_view suffix);
// Gives the variable another value for one exchange, which stays valid until that is reset.
using Assigner = void (*)(pipeline::Exchange& exchange, std::string_view value);

// A built-in variable, or a family of them.
struct Variable {
  std::string_view name;  // "uri", or "arg_" for a family
  bool prefix = false;    // `name` begins the names of a family
  Getter get = nullptr;
  std::string_view doc;       // what it is, in one sentence, for the reference
  Assigner assign = nullptr;  // null: it cannot be set (nginx's NGX_HTTP_VAR_CHANGEABLE)
  bool needs_body = false;    // it has no value before the request's body is collected
};

// Whether nothing else may have this name, in whatever case: it would hide one of `variables`. Members of families may
// be hidden, and so may what can be set.
[[nodiscard]] bool IsReserved(std::string_view name, std::span<const Variable> variables);

// What a variable's name is made of.
[[nodiscard]] constexpr bool IsVariableCharacter(char c) { return util::IsAlpha(c) || util::IsDigit(c) || c == '_'; }

// A variable that the configuration makes.
struct OwnVariable {
  // Asked for the value while its slot is empty.
  using Compute = std::optional<std::string_view> (*)(pipeline::Exchange& exchange, const OwnVariable& variable);

  enum class Keep : std::uint8_t {
    kForExchange,  // it is computed once, and redirections inside the server do not change it
    kNot,          // `volatile`: it is computed whenever it is asked for, unless it was set
  };

  std::string name;                  // in lower case
  std::uint32_t slot = 0;            // in Values
  Compute compute = nullptr;         // null: without a value until it is set
  std::shared_ptr<const void> data;  // of `compute`
  Keep keep = Keep::kForExchange;
  bool is_group = false;  // of a regular expression
};

// The variables that one configuration makes. They stay where they are.
class VariableTable {
 public:
  explicit VariableTable(std::span<const Variable> built_in) : built_in_(built_in) {}
  VariableTable(VariableTable&&) = default;

  // `name` in lower case; null when there is none.
  [[nodiscard]] const OwnVariable* Find(std::string_view name) const;
  // The one of that name, in whatever case, made when there is none. One that hides a member of a family has that
  // member's value until it is set.
  OwnVariable& Add(std::string_view name);
  OwnVariable& AddGroup(std::string_view name);

  [[nodiscard]] const std::vector<std::unique_ptr<OwnVariable>>& all() const { return all_; }
  // The variables themselves, for what is to outlive the table, which is empty afterwards.
  [[nodiscard]] std::vector<std::unique_ptr<OwnVariable>> Finish();

 private:
  std::span<const Variable> built_in_;
  std::vector<std::unique_ptr<OwnVariable>> all_;
  std::unordered_map<std::string_view, OwnVariable*> by_name_;
};

// The names that a template may use. Both outlive what is compiled with them.
struct VariableNames {
  std::span<const Variable> built_in;  // of all modules
  VariableTable* own = nullptr;        // of the configuration; null: it makes none
};

}  // namespace colmeia::site
