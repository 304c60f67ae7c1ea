// Directive: a row of data about one directive: where it may stand, how many arguments it takes, its setter, and
// the sentence that documents it. The parser, the checks and the reference page all read the same row.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "config/diagnostic.h"
#include "config/source.h"
#include "config/tree.h"

namespace colmeia::config {

// A context, or with `|` a set of them.
enum class In : std::uint32_t {
  kNowhere = 0,
  kMain = 1U << 0,        // outside of all blocks
  kEvents = 1U << 1,      // events { }
  kHttp = 1U << 2,        // http { }
  kServer = 1U << 3,      // server { }
  kLocation = 1U << 4,    // location ... { }
  kServerIf = 1U << 5,    // if (...) { } of a server
  kLocationIf = 1U << 6,  // if (...) { } of a location
};

[[nodiscard]] constexpr In operator|(In a, In b) {
  return static_cast<In>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
[[nodiscard]] constexpr bool Contains(In set, In one) {
  return (static_cast<std::uint32_t>(set) & static_cast<std::uint32_t>(one)) != 0;
}
inline constexpr In kAnyIf = In::kServerIf | In::kLocationIf;
inline constexpr In kAnywhere = In::kMain | In::kEvents | In::kHttp | In::kServer | In::kLocation | kAnyIf;

// "http, server, location"; `last` replaces the last comma, as in "http, server or location".
[[nodiscard]] std::string ContextNames(In set, std::string_view last = ", ");

// How many arguments, the name not counted.
struct Arity {
  std::size_t least = 0;
  std::size_t most = 0;

  [[nodiscard]] constexpr bool Allows(std::size_t count) const { return count >= least && count <= most; }
};
[[nodiscard]] constexpr Arity Args(std::size_t exactly) { return {exactly, exactly}; }
[[nodiscard]] constexpr Arity Args(std::size_t least, std::size_t most) { return {least, most}; }
[[nodiscard]] constexpr Arity AtLeast(std::size_t least) { return {least, std::numeric_limits<std::size_t>::max()}; }
inline constexpr Arity Flag = Args(1);  // on | off

enum class Form {
  kSimple,  // name args;
  kBlock,   // name args { ... }
};

// Which argument names a variable that the directive makes.
enum class Makes : std::uint8_t {
  kNothing,
  kFirst,  // set $name value
  kLast,   // map ... $name { }
};

// Where a directive has regular expressions, whose named groups are variables.
enum class Patterns : std::uint8_t {
  kNone,
  kArguments,  // among its arguments, with or without "~"
  kLines,      // the first words of the lines in its block, with "~"
};

class Call;

// Takes the arguments into the module's Draft. Made by the templates of config/setters.h.
struct Setter {
  void (*apply)(void* draft, const Call& call) = nullptr;
  const void* draft_tag = nullptr;  // kDraftTag of the Draft it writes to; null = writes to none
};

struct Directive {
  std::string_view name;
  In contexts = In::kNowhere;
  Arity arity;
  Setter setter;                   // a block without a setter is given to the caller's BlockHandler
  std::string_view syntax;         // the arguments only, as nginx's manual writes them: "number | auto"
  std::string_view default_value;  // the arguments only; empty = none
  std::string_view doc;            // what it is for, in one line
  Form form = Form::kSimple;
  bool own = false;  // ours and not nginx's
  Makes makes = Makes::kNothing;
  Patterns patterns = Patterns::kNone;
};

// One use of a directive, as its setter sees it. Lives for the call only.
class Call {
 public:
  Call(const Node& node, std::span<const Node> siblings, const Directive& directive, In context, const Source& source,
       Diagnostics& diagnostics)
      : node_(node),
        siblings_(siblings),
        directive_(directive),
        context_(context),
        source_(source),
        diagnostics_(diagnostics) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  [[nodiscard]] std::string_view name() const { return node_.name().text; }
  [[nodiscard]] std::span<const Word> args() const { return node_.args(); }
  [[nodiscard]] const std::string& arg(std::size_t index) const { return node_.args()[index].text; }
  [[nodiscard]] std::span<const Node> children() const { return node_.children; }  // of a block directive
  [[nodiscard]] const Node& node() const { return node_; }
  [[nodiscard]] In context() const { return context_; }
  // All directives of the block that this one stands in; empty where it is only asked whether it would do.
  [[nodiscard]] std::span<const Node> siblings() const { return siblings_; }
  [[nodiscard]] const Source& source() const { return source_; }
  [[nodiscard]] Diagnostics& diagnostics() const { return diagnostics_; }
  // Of the name. ToString() gives "file:line".
  [[nodiscard]] Place place() const { return source_.Locate(node_.name().span); }

  // A mistake, marked at the name or at the word. A setter reports and returns: `return call.Error(...)`.
  void Error(std::string message) const;
  void Error(const Word& word, std::string message) const;
  void Warn(const Word& word, std::string message) const;
  // It is taken and does nothing: see Diagnostics::Ignored().
  void Ignored() const { diagnostics_.Ignored(name()); }
  // `"root" directive is duplicate`, with the place of the first one.
  void Duplicate() const;
  // `invalid value "x" in "y" directive, EXPECTED`
  void InvalidValue(const Word& word, std::string_view expected) const;
  // `invalid number of arguments in "x" directive`, with the syntax.
  void WrongArguments() const;

 private:
  const Node& node_;
  std::span<const Node> siblings_;
  const Directive& directive_;
  In context_;
  const Source& source_;
  Diagnostics& diagnostics_;
};

// "root path;" or "location ... { ... }", for messages and the reference.
[[nodiscard]] std::string SyntaxOf(const Directive& directive);

}  // namespace colmeia::config
