#include "modules/rewrite.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/setters.h"
#include "modules/rewrite_condition.h"
#include "modules/rewrite_program.h"
#include "pipeline/client_body.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "util/strings.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::AtLeast;
using config::Call;
using config::Directive;
using config::In;
using config::Node;
using config::Word;
using http::Status;
using pipeline::Exchange;
using pipeline::Outcome;
using site::MergeContext;
using site::Phase;
using site::PlacedText;
using Settings = RewriteSettings;

// The directives of a block as they are written; Merge compiles them, when all names of variables are known.
struct SetDraft {
  PlacedText name;
  PlacedText value;
};
struct RewriteDraft {
  PlacedText pattern;
  PlacedText replacement;
  Rewriting then = Rewriting::kGoOn;
};
struct IfDraft {
  ConditionDraft condition;
  const Node* block = nullptr;
};
struct BreakDraft {};
struct ReturnDraft {
  Status status = Status::kOk;
  std::optional<PlacedText> text;
};
using StepDraft = std::variant<SetDraft, RewriteDraft, IfDraft, BreakDraft, ReturnDraft>;

struct Draft {
  std::vector<StepDraft> steps;
  std::optional<bool> log;
  std::optional<bool> uninitialized_variable_warn;
};

PlacedText Placed(const Word& word) { return {word.text, word.span}; }

// Whether a text is the address of another place than this server, as `rewrite` and `return` understand it.
bool IsUrl(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("$scheme");
}

// Directives

void AddSet(Draft& draft, const Call& call) {
  draft.steps.emplace_back(SetDraft{Placed(call.args()[0]), Placed(call.args()[1])});
}

void AddRewrite(Draft& draft, const Call& call) {
  RewriteDraft step{.pattern = Placed(call.args()[0]), .replacement = Placed(call.args()[1])};
  if (step.replacement.text.empty()) return call.Error(call.args()[1], "empty replacement");
  if (IsUrl(step.replacement.text)) step.then = Rewriting::kRedirect;
  if (call.args().size() > 2) {
    static constexpr std::pair<std::string_view, Rewriting> kFlags[] = {{"last", Rewriting::kLast},
                                                                        {"break", Rewriting::kBreak},
                                                                        {"redirect", Rewriting::kRedirect},
                                                                        {"permanent", Rewriting::kPermanent}};
    const auto flag =
        std::find_if(std::begin(kFlags), std::end(kFlags), [&](const auto& row) { return row.first == call.arg(2); });
    if (flag == std::end(kFlags)) {
      return call.InvalidValue(call.args()[2], "expected last, break, redirect or permanent");
    }
    // A URL sends the client there, whatever is said.
    const bool redirects = flag->second == Rewriting::kRedirect || flag->second == Rewriting::kPermanent;
    if (redirects || step.then != Rewriting::kRedirect) step.then = flag->second;
  }
  draft.steps.emplace_back(std::move(step));
}

void AddBreak(Draft& draft, const Call&) { draft.steps.emplace_back(BreakDraft{}); }

void AddReturn(Draft& draft, const Call& call) {
  const Word& first = call.args()[0];
  const auto code = util::ParseNumber<unsigned>(first.text);
  if (!code) {
    if (call.args().size() > 1 || !IsUrl(first.text)) {
      return call.InvalidValue(first, "expected a status code, or a URL that begins with http://, https:// or $scheme");
    }
    draft.steps.emplace_back(ReturnDraft{Status::kFound, Placed(first)});
    return;
  }
  if (*code < 200 || *code > 999) return call.InvalidValue(first, "expected a status code from 200 to 999");
  ReturnDraft step{.status = static_cast<Status>(*code), .text = {}};
  if (call.args().size() > 1) step.text = Placed(call.args()[1]);
  draft.steps.emplace_back(std::move(step));
}

bool IsOneOf(const Node& node, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), node.name().text) != names.end();
}

const Node* FindNode(std::span<const Node> nodes, std::string_view name) {
  const auto at = std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) { return node.name().text == name; });
  return at == nodes.end() ? nullptr : &*at;
}

// Whether requests may be served in the block of an `if`: it does not send all of them away.
bool Serves(const Node& block) {
  return std::none_of(block.children.begin(), block.children.end(), [](const Node& node) {
    const bool leaves = node.name().text == "rewrite" && node.words.size() == 4 && node.words[3].text != "break";
    return node.name().text == "return" || leaves;
  });
}

// Whether the block of an `if` has settings, which the exchange takes over as a whole.
bool HasSettings(const Node& block) {
  return std::any_of(block.children.begin(), block.children.end(), [](const Node& node) {
    return !IsOneOf(node, {"set", "rewrite", "break", "return", "rewrite_log", "uninitialized_variable_warn"});
  });
}

// What surprises most in an `if` of a location, which replaces that location.
void WarnOfTraps(const Call& call) {
  const Node& block = call.node();
  if (call.context() != In::kLocation || !Serves(block)) return;
  const Word& name = block.name();
  if (FindNode(call.siblings(), "try_files") != nullptr) {
    call.Warn(name, "where this \"if\" holds, \"try_files\" of the location does not: it is not inherited");
  }
  if (FindNode(block.children, "add_header") != nullptr && FindNode(call.siblings(), "add_header") != nullptr) {
    call.Warn(name, "where this \"if\" holds, its \"add_header\" replace all those of the location");
  }
  if (!HasSettings(block)) return;
  for (const Node& sibling : call.siblings()) {
    if (&sibling == &block) break;
    if (sibling.name().text != "if" || !HasSettings(sibling) || !Serves(sibling)) continue;
    call.Warn(name,
              fmt::format("where this \"if\" and the one of line {} hold, only the settings of the last one count",
                          call.source().Locate(sibling.name().span).line));
    break;
  }
}

void AddIf(Draft& draft, const Call& call) {
  std::optional<ConditionDraft> condition = ReadCondition(call);
  if (!condition) return;
  WarnOfTraps(call);
  draft.steps.emplace_back(IfDraft{std::move(*condition), &call.node()});
}

constexpr In kBlocks = In::kServer | In::kLocation;
constexpr In kPlaces = kBlocks | config::kAnyIf;
constexpr In kFlagPlaces = In::kHttp | kPlaces;

constexpr Directive kDirectives[] = {
    {.name = "rewrite",
     .contexts = kPlaces,
     .arity = Args(2, 3),
     .setter = config::Set<&AddRewrite>,
     .syntax = "regex replacement [last | break | redirect | permanent]",
     .default_value = "",
     .doc = "Change the path where it matches, or send the client elsewhere; arguments are kept unless the replacement "
            "ends with a question mark.",
     .patterns = config::Patterns::kArguments},
    {.name = "return",
     .contexts = kPlaces,
     .arity = Args(1, 2),
     .setter = config::Set<&AddReturn>,
     .syntax = "code [text | URL] | URL",
     .default_value = "",
     .doc = "Answer at once: with a status, with a text, or by sending the client elsewhere; 444, 408 and 499 without "
            "a text "
            "close the connection."},
    {.name = "break",
     .contexts = kPlaces,
     .arity = Args(0),
     .setter = config::Set<&AddBreak>,
     .syntax = "",
     .default_value = "",
     .doc = "Skip what else there is of rewrite, set, if and return, and stay in this location."},
    {.name = "if",
     .contexts = kBlocks,
     .arity = AtLeast(1),
     .setter = config::Set<&AddIf>,
     .syntax = "(condition)",
     .default_value = "",
     .doc =
         "Where the condition holds, the directives inside count; in a location it is an unnamed location of its own, "
         "and the last one that holds serves the request.",
     .form = config::Form::kBlock,
     .patterns = config::Patterns::kArguments},
    {.name = "set",
     .contexts = kPlaces,
     .arity = Args(2),
     .setter = config::Set<&AddSet>,
     .syntax = "$variable value",
     .default_value = "",
     .doc = "Give a variable a value, which may have variables in it.",
     .makes = config::Makes::kFirst},
    {.name = "rewrite_log",
     .contexts = kFlagPlaces,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::log>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Log what is matched and rewritten, at the level notice."},
    {.name = "uninitialized_variable_warn",
     .contexts = kFlagPlaces,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::uninitialized_variable_warn>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Log a warning where a variable is used before it was set."},
};

// Merge

// A variable that `set` has not given a value yet.
std::optional<std::string_view> ReportUninitialized(pipeline::Exchange& exchange, const site::OwnVariable& variable) {
  if (exchange.settings<Settings>().uninitialized_variable_warn) {
    pipeline::Report(exchange, log::Level::kWarn, "using uninitialized \"{}\" variable", variable.name);
  }
  return "";
}

class Compiler {
 public:
  Compiler(MergeContext& context, std::vector<ProgramStep>& program) : context_(context), program_(program) {}

  void operator()(const SetDraft& draft) {
    SetStep step{.target = context_.FindAssignable(draft.name), .value = context_.Compile(draft.value)};
    site::OwnVariable* const own = step.target.own;
    if (own != nullptr && own->compute == nullptr && !own->is_group) own->compute = ReportUninitialized;
    program_.emplace_back(std::move(step));
  }

  void operator()(const RewriteDraft& draft) {
    std::optional<site::Regex> regex = context_.CompileRegex(draft.pattern, /*ignore_case=*/false);
    PlacedText path = draft.replacement;
    const bool keeps_args = !path.text.ends_with('?');
    if (!keeps_args) path.text.pop_back();
    const std::size_t question = path.text.find('?');
    const bool has_args = question != std::string::npos;
    PlacedText args{{}, path.span};
    const bool redirects = draft.then == Rewriting::kRedirect || draft.then == Rewriting::kPermanent;
    if (has_args && !redirects) {
      args.text = path.text.substr(question + 1);
      path.text.resize(question);
    }
    site::Template path_template = context_.Compile(path);
    site::Template args_template = context_.Compile(args);
    if (!regex) return;
    program_.emplace_back(RewriteStep{.regex = *std::move(regex),
                                      .pattern = draft.pattern.text,
                                      .then = draft.then,
                                      .path = std::move(path_template),
                                      .has_args = has_args,
                                      .args = std::move(args_template),
                                      .keeps_args = keeps_args});
  }

  void operator()(const IfDraft& draft) {
    program_.emplace_back(IfStep{CompileCondition(draft.condition, context_), context_.AddInner(*draft.block)});
  }

  void operator()(const BreakDraft&) { program_.emplace_back(BreakStep{}); }

  void operator()(const ReturnDraft& draft) {
    ReturnStep step{.status = draft.status, .text = {}};
    if (draft.text) {
      step.has_text = !draft.text->text.empty();  // `return 404 "";` is `return 404;`, as in nginx
      step.text = context_.Compile(*draft.text);
    }
    program_.emplace_back(std::move(step));
  }

 private:
  MergeContext& context_;
  std::vector<ProgramStep>& program_;
};

Settings Merge(const Settings& outer, const Draft& own, MergeContext& context) {
  Settings out;
  out.log = own.log.value_or(outer.log);
  out.uninitialized_variable_warn = own.uninitialized_variable_warn.value_or(outer.uninitialized_variable_warn);
  for (const StepDraft& step : own.steps) std::visit(Compiler(context, out.program), step);
  return out;
}

// Behaviour

bool Applies(const site::SettingsSet& settings) { return !settings.Get<Settings>().program.empty(); }

// A text of the program, or the log of this place, may name the request's body.
Outcome RunServer(Exchange& exchange) { return pipeline::WithBody(exchange, RunServerProgram); }
Outcome RunLocation(Exchange& exchange) { return pipeline::WithBody(exchange, RunLocationProgram); }

constexpr site::PhaseHook kPhases[] = {{Phase::kServerRewrite, RunServer, Applies},
                                       {Phase::kRewrite, RunLocation, Applies}};

}  // namespace

// Export

const site::Module kRewrite =
    site::DefineModule<Settings, Draft, Merge>("rewrite", kDirectives, {.phases = kPhases}, site::Inherit::kAlways);

}  // namespace colmeia::modules
