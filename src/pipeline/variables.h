// Variables ($uri, $arg_x, ...) and templates: texts with variables in them, compiled once, evaluated lazily per
// exchange.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "util/arena.h"
#include "util/strings.h"

namespace colmeia::pipeline {

class Exchange;

// Gives the value for one exchange, or nothing when the variable has none ("-" in an access log, empty elsewhere).
// `suffix` is what follows the name of a prefix variable: "user_agent" for $http_user_agent.
// The view is valid until the exchange is reset.
using Getter = std::optional<std::string_view> (*)(Exchange& exchange, std::string_view suffix);

struct Variable {
  std::string_view name;  // "uri", or "arg_" for a family
  bool prefix = false;    // `name` begins the names of a family
  Getter get = nullptr;
  std::string_view doc;  // what it is, in one sentence, for the reference
};

// Every variable that needs no module: the table behind $uri, $host, $request_time and the rest.
[[nodiscard]] std::span<const Variable> CoreVariables();

// Whether a group of a regular expression must not have this name, in whatever case: it would hide a variable. Members
// of families may be hidden, and so may what nginx lets others set.
[[nodiscard]] bool IsReserved(std::string_view name);

// The reference's section on variables, in Markdown: one entry per row of the table, and the groups of expressions.
[[nodiscard]] std::string VariablesReference();

// What a variable's name is made of.
[[nodiscard]] constexpr bool IsVariableCharacter(char c) { return util::IsAlpha(c) || util::IsDigit(c) || c == '_'; }

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

  // `captures`: names of the groups in the configuration's regular expressions, in lower case; they are variables too.
  // Mistakes are added to `mistakes`, one for each variable that is wrong; then the template is of no use.
  static Template Compile(std::string_view text, const std::vector<std::string>& captures,
                          std::vector<TemplateMistake>& mistakes);

  // Joined in the exchange's arena; a text without variables is returned as it is. Missing values are empty.
  [[nodiscard]] std::string_view Evaluate(Exchange& exchange) const {
    return constant_ ? std::string_view(text_) : Join(exchange, nullptr);
  }

  // The same with what `escape` makes of each value: that value itself, a text that stays, or one in the arena.
  using Escape = std::string_view (*)(util::Arena& arena, std::optional<std::string_view> value);
  [[nodiscard]] std::string_view Evaluate(Exchange& exchange, Escape escape) const {
    return constant_ ? std::string_view(text_) : Join(exchange, escape);
  }

  [[nodiscard]] bool constant() const { return constant_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] const std::string& text() const { return text_; }  // as written
  // What stands before the first variable.
  [[nodiscard]] std::string_view literal_beginning() const {
    return constant_ || parts_.empty() ? std::string_view(text_) : std::string_view(parts_.front().literal);
  }

 private:
  struct Part {
    std::string literal;  // used when `get` is null
    Getter get = nullptr;
    std::string suffix;
  };
  [[nodiscard]] std::string_view Join(Exchange& exchange, Escape escape) const;  // which may be null

  std::string text_;
  std::vector<Part> parts_;
  bool constant_ = true;
};

// The argument of that name in a query string, whatever its case: nginx's $arg_NAME. Nothing when there is none; of
// several it is the first. The view points into `args`.
[[nodiscard]] std::optional<std::string_view> FindArgument(std::string_view args, std::string_view name);

}  // namespace colmeia::pipeline
