// JsonWriter: writes a JSON text (RFC 8259) in the order of the calls; commas, colons and indentation follow by
// themselves.
//
//   JsonWriter json;
//   json.BeginObject().Member("state", "ready").Key("lag_us").BeginArray().Value(12).Value(3.5).End().End();
//   Send(json.Take());
//
// Texts may hold any byte: what JSON does not allow is escaped as util/escape.h says. Calls that make no JSON, such as a
// value without its key in an object, are bugs of ours, and CHECKed.
#pragma once

#include <concepts>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace colmeia::util {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

class JsonWriter {
 public:
  enum class Form : std::uint8_t {
    kOneLine,   // no white space at all
    kIndented,  // each value on a line of its own
  };

  explicit JsonWriter(Form form = Form::kOneLine) : form_(form) {}

  JsonWriter& BeginObject() { return Begin('{', '}'); }
  JsonWriter& BeginArray() { return Begin('[', ']'); }
  // Closes the innermost object or array.
  JsonWriter& End();

  // Of the value that follows. REQUIRES: in an object.
  JsonWriter& Key(std::string_view key);

  // A text, a number, a bool, or an optional one, which is null when there is none. NaN and infinities, which JSON has
  // not, become null.
  template <class T>
  JsonWriter& Value(const T& value) {
    if constexpr (IsOptional<T>::value) {
      return value ? Value(*value) : Null();
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
      return Text(value);
    } else if constexpr (std::same_as<T, bool>) {
      return Raw(value ? "true" : "false");
    } else if constexpr (std::integral<T>) {
      const fmt::format_int digits(value);
      return Raw({digits.data(), digits.size()});
    } else {
      static_assert(std::floating_point<T>, "no value of JSON");
      return Number(value);
    }
  }
  JsonWriter& Null() { return Raw("null"); }
  // A value that is JSON already, such as a number with so many places.
  JsonWriter& Raw(std::string_view json);

  template <class T>
  JsonWriter& Member(std::string_view key, const T& value) {
    return Key(key).Value(value);
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  // All of it. REQUIRES: everything that was begun has ended.
  [[nodiscard]] std::string Take();

 private:
  JsonWriter& Begin(char open, char close);
  JsonWriter& Text(std::string_view text);
  JsonWriter& Number(double number);
  void BeforeValue();
  void NewLine();

  Form form_;
  std::string text_;
  std::string closers_;  // of what is open, the innermost last
  bool first_ = true;    // nothing stands yet in the innermost one
  bool after_key_ = false;
};

}  // namespace colmeia::util
