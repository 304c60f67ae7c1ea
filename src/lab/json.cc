#include "lab/json.h"

#include <charconv>

#include <fmt/format.h>

#include "util/strings.h"

namespace colmeia::lab {

namespace {

// Walks over the text once; every method leaves the position behind what it took.
class FlatReader {
 public:
  explicit FlatReader(std::string_view text) : text_(text) {}

  Result<JsonMembers> Read() {
    JsonMembers members;
    if (!Take('{')) return Wrong("an object was expected");
    if (!Take('}')) {
      do {
        auto& [key, value] = members.emplace_back();
        if (!TakeString(key)) return Wrong("a name was expected");
        if (!Take(':')) return Wrong("a colon was expected");
        if (!TakeScalar(value)) return Wrong("a string, a number or a boolean was expected");
      } while (Take(','));
      if (!Take('}')) return Wrong("a comma or the object's end was expected");
    }
    SkipSpace();
    if (at_ != text_.size()) return Wrong("nothing more was expected");
    return members;
  }

 private:
  [[nodiscard]] tl::unexpected<Error> Wrong(std::string_view what) const {
    return Fail(fmt::format("at offset {}: {}", at_, what));
  }

  void SkipSpace() {
    at_ = text_.find_first_not_of(" \t\r\n", at_);
    if (at_ == std::string_view::npos) at_ = text_.size();
  }

  bool Take(char c) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool TakeWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool TakeScalar(JsonScalar& value) {
    SkipSpace();
    if (at_ == text_.size()) return false;
    if (text_[at_] == '"') return TakeString(value.emplace<std::string>());
    if (TakeWord("true")) return value.emplace<bool>(true);
    if (TakeWord("false")) {
      value.emplace<bool>(false);
      return true;
    }
    // from_chars takes "inf", "01" and "1." too, which JSON does not have.
    const std::string_view rest = text_.substr(at_);
    const std::string_view digits = rest.substr(rest.front() == '-' ? 1 : 0);
    if (digits.empty() || !util::IsDigit(digits[0])) return false;
    if (digits[0] == '0' && digits.size() > 1 && util::IsDigit(digits[1])) return false;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value.emplace<double>());
    if (error != std::errc{} || end[-1] == '.') return false;
    at_ += static_cast<std::size_t>(end - rest.data());
    return true;
  }

  bool TakeString(std::string& value) {
    if (!Take('"')) return false;
    for (;;) {
      const std::size_t plain = text_.find_first_of("\"\\", at_);
      if (plain == std::string_view::npos) return false;
      for (const char c : text_.substr(at_, plain - at_)) {
        if (static_cast<unsigned char>(c) < 0x20) return false;
      }
      value.append(text_.substr(at_, plain - at_));
      at_ = plain + 1;
      if (text_[plain] == '"') return true;
      if (!TakeEscape(value)) return false;
    }
  }

  // Behind the backslash. Of \u only what our own writer makes, characters of one byte's numbers, is understood.
  bool TakeEscape(std::string& value) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
      value += kValues[known];
      return true;
    }
    if (c != 'u' || text_.size() - at_ < 4) return false;
    int code = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = util::HexValue(text_[at_++]);
      if (digit < 0) return false;
      code = code * 16 + digit;
    }
    if (code > 0xff) return false;
    if (code >= 0x80) {
      value += static_cast<char>(0xc0 | code >> 6);
      code = 0x80 | (code & 0x3f);
    }
    value += static_cast<char>(code);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<JsonMembers> ParseFlatObject(std::string_view text) { return FlatReader(text).Read(); }

}  // namespace colmeia::lab
