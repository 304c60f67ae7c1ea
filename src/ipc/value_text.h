// A value of a message in words, for the log, the trace and the dissection of frames.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

namespace colmeia::ipc {

// In quotes, long ones cut; what is no text is shown by its size.
[[nodiscard]] std::string QuotedText(std::string_view text);

template <class T>
[[nodiscard]] std::string ValueText(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "yes" : "no";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return QuotedText(value);
  } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
    return fmt::format("{}ms", value.count());
  } else if constexpr (requires { Word(value); }) {  // an enum of this folder that has words
    return std::string(Word(value));
  } else if constexpr (std::is_enum_v<T>) {
    return fmt::format("{}", static_cast<std::underlying_type_t<T>>(value));
  } else {
    return fmt::format("{}", value);
  }
}

}  // namespace colmeia::ipc
