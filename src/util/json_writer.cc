#include "util/json_writer.h"

#include <cmath>

#include "util/check.h"
#include "util/escape.h"

namespace colmeia::util {

JsonWriter& JsonWriter::Begin(char open, char close) {
  BeforeValue();
  text_ += open;
  closers_ += close;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::End() {
  CHECK(!closers_.empty() && !after_key_);
  const char close = closers_.back();
  closers_.pop_back();
  if (!first_) NewLine();
  text_ += close;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  CHECK(closers_.ends_with('}') && !after_key_);
  Text(key);
  text_ += form_ == Form::kOneLine ? ":" : ": ";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  BeforeValue();
  text_ += json;
  return *this;
}

JsonWriter& JsonWriter::Text(std::string_view text) {
  BeforeValue();
  text_ += '"';
  AppendEscaped(EscapeFor::kJson, text, text_);
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::Number(double number) {
  if (!std::isfinite(number)) return Null();
  BeforeValue();
  fmt::format_to(std::back_inserter(text_), "{}", number);
  return *this;
}

std::string JsonWriter::Take() {
  CHECK(closers_.empty() && !after_key_);
  first_ = true;
  return std::exchange(text_, {});
}

void JsonWriter::BeforeValue() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!first_) text_ += ',';
  if (!closers_.empty()) NewLine();
  first_ = false;
}

void JsonWriter::NewLine() {
  if (form_ == Form::kOneLine) return;
  text_ += '\n';
  text_.append(2 * closers_.size(), ' ');
}

}  // namespace colmeia::util
