// Template: a text of the configuration with variables in it ($uri, ${arg_x}, $1), compiled once.
//
// It knows which variables there are, and not what they are worth: pipeline/evaluate.h asks for their values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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

struct Variable {
  std::string_view name;  // "uri", or "arg_" for a family
  bool prefix = false;    // `name` begins the names of a family
  Getter get = nullptr;
  std::string_view doc;     // what it is, in one sentence, for the reference
  bool changeable = false;  // others may set it: nginx's NGX_HTTP_VAR_CHANGEABLE
  bool needs_body = false;  // it has no value before the request's body is collected
};

// Whether a group of a regular expression must not have this name, in whatever case: it would hide one of `variables`.
// Members of families may be hidden, and so may what others may set.
[[nodiscard]] bool IsReserved(std::string_view name, std::span<const Variable> variables);

// What a variable's name is made of.
[[nodiscard]] constexpr bool IsVariableCharacter(char c) { return util::IsAlpha(c) || util::IsDigit(c) || c == '_'; }

// The names that a template may use. Both outlive the call that they are given to.
struct TemplateNames {
  std::span<const Variable> variables;  // of all modules
  std::span<const std::string> groups;  // named groups in the configuration's regular expressions, in lower case
};

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
  static Template Compile(std::string_view text, const TemplateNames& names, std::vector<TemplateMistake>& mistakes);

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
      kLiteral,     // `text` itself
      kVariable,    // `get`, which `text` is the suffix for
      kGroup,       // $1 to $9: the group with the number in `text`
      kNamedGroup,  // the group with the name in `text`
    };
    Kind kind = Kind::kLiteral;
    std::string text;
    Getter get = nullptr;
    bool needs_body = false;  // kVariable
  };
  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }

 private:
  std::string text_;
  std::vector<Part> parts_;
  bool constant_ = true;
  bool needs_body_ = false;
};

}  // namespace colmeia::site
