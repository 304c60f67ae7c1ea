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

// A template with variables, joined in the exchange's arena. `escape` may be null.
[[nodiscard]] std::string_view Join(const site::Template& text, Exchange& exchange, Escape escape);

// The text, valid until the exchange is reset; one without variables is returned as it is. Missing values are empty.
[[nodiscard]] inline std::string_view Evaluate(const site::Template& text, Exchange& exchange,
                                               Escape escape = nullptr) {
  return text.constant() ? std::string_view(text.text()) : Join(text, exchange, escape);
}

// A size in bytes. What is no size is reported in the error log, and is 0, as in nginx.
[[nodiscard]] std::uint64_t EvaluateSize(const site::SizeValue& size, Exchange& exchange);

}  // namespace colmeia::pipeline
