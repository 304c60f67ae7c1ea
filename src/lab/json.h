// As much JSON as the laboratory needs (RFC 8259): writing a report, and one flat object to and fro as a wire format
// beside others (codecs.cc).
//
// It is no general parser: what colmeia itself reads as JSON goes through control/json.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "util/result.h"

namespace colmeia::lab {

// Writes a document in the order of the calls; commas and indentation follow by themselves.
//
//   JsonWriter json;
//   json.BeginObject();  json.Key("p50").Number(1.5);  json.End();  Save(json.text());
class JsonWriter {
 public:
  // `compact` leaves out all white space.
  explicit JsonWriter(bool compact = false) : compact_(compact) {}

  JsonWriter& BeginObject() { return Begin('{', '}'); }
  JsonWriter& BeginArray() { return Begin('[', ']'); }
  // Closes the innermost object or array.
  JsonWriter& End();

  JsonWriter& Key(std::string_view key);

  JsonWriter& String(std::string_view value);
  // NaN and infinities, which JSON has not, become null.
  JsonWriter& Number(double value);
  JsonWriter& Integer(std::int64_t value);
  JsonWriter& Bool(bool value);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  JsonWriter& Begin(char open, char close);
  void BeforeValue();
  void NewLine();
  void Quote(std::string_view value);

  bool compact_;
  std::string text_;
  std::string closers_;  // of what is open, the innermost last
  bool first_ = true;    // nothing stands yet in the innermost one
  bool after_key_ = false;
};

using JsonScalar = std::variant<bool, double, std::string>;
using JsonMembers = std::vector<std::pair<std::string, JsonScalar>>;

// One object of strings, numbers and booleans, in their order. Fails with the offset of what is wrong, also for
// anything nested.
[[nodiscard]] Result<JsonMembers> ParseFlatObject(std::string_view text);

}  // namespace colmeia::lab
