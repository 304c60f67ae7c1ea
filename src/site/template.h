// Template: a text of the configuration with variables in it ($uri, ${arg_x}, $1), compiled once.
//
// It knows which variables there are, and not what they are worth: pipeline/evaluate.h asks for their values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "site/variable_table.h"

namespace colmeia::site {

// What is wrong with one variable of a template.
struct TemplateMistake {
  std::string reference;  // as it is written: "$name", "${name}", or the beginning of it
  std::string message;    // `unknown "name" variable; did you mean "$other"?`, `invalid variable name`, ...
};

// A text with variables. "$name" and "${name}" are replaced, in whatever case the name is written; nginx has no way to
// write a literal dollar, nor has this.
class Template {
 public:
  Template() = default;

  // Mistakes are added to `mistakes`, one for each variable that is wrong; then the template is of no use.
  static Template Compile(std::string_view text, const VariableNames& names, std::vector<TemplateMistake>& mistakes);

  [[nodiscard]] bool constant() const { return constant_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] const std::string& text() const { return text_; }  // as written
  [[nodiscard]] bool needs_body() const { return needs_body_; }    // it names a variable that does
  // What stands before the first variable.
  [[nodiscard]] std::string_view literal_beginning() const {
    if (constant_) return text_;
    return parts_.front().kind == Part::Kind::kLiteral ? std::string_view(parts_.front().text) : std::string_view{};
  }

  struct Part {
    enum class Kind : std::uint8_t {
      kLiteral,   // `text` itself
      kVariable,  // `get`, which `text` is the suffix for
      kOwn,       // `own`, which the configuration makes
      kGroup,     // $1 to $9: the group with the number in `text`
    };
    Kind kind = Kind::kLiteral;
    std::string text;
    Getter get = nullptr;
    const OwnVariable* own = nullptr;  // outlives the template
    bool needs_body = false;           // kVariable
  };
  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }

 private:
  std::string text_;
  std::vector<Part> parts_;
  bool constant_ = true;
  bool needs_body_ = false;
};

}  // namespace colmeia::site
