// What a template is worth for one exchange: its variables are asked for their values, when the text is wanted.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "site/size_value.h"
#include "site/template.h"
#include "util/arena.h"

namespace colmeia::pipeline {

class Exchange;

// What is made of each variable's value: that value itself, a text that stays, or one in the arena.
using Escape = std::string_view (*)(util::Arena& arena, std::optional<std::string_view> value);

// How values are escaped; null = they are not.
struct Escaping {
  constexpr Escaping() = default;
  constexpr Escaping(Escape all) : variables(all), groups(all) {}
  constexpr Escaping(Escape of_variables, Escape of_groups) : variables(of_variables), groups(of_groups) {}

  Escape variables = nullptr;
  Escape groups = nullptr;  // of $1 to $9
};

// A template with variables, joined in the exchange's arena.
[[nodiscard]] std::string_view Join(const site::Template& text, Exchange& exchange, Escaping escaping);

// The text, valid until the exchange is reset; one without variables is returned as it is. Missing values are empty.
[[nodiscard]] inline std::string_view Evaluate(const site::Template& text, Exchange& exchange, Escaping escaping = {}) {
  return text.constant() ? std::string_view(text.text()) : Join(text, exchange, escaping);
}

// A size in bytes. What is no size is reported in the error log, and is 0, as in nginx.
[[nodiscard]] std::uint64_t EvaluateSize(const site::SizeValue& size, Exchange& exchange);

}  // namespace colmeia::pipeline
