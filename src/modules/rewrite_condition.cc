#include "modules/rewrite_condition.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "pipeline/exchange.h"
#include "pipeline/open_file.h"
#include "pipeline/report.h"
#include "site/core_settings.h"

namespace colmeia::modules {
namespace {

using config::Call;
using config::Word;
using pipeline::Exchange;
using site::PlacedText;

struct Operator {
  std::string_view text;
  Ask ask;
  bool negated;
  bool ignore_case = false;
};
constexpr Operator kComparisons[] = {
    {"=", Ask::kEquals, false},  {"!=", Ask::kEquals, true},         {"~", Ask::kMatches, false},
    {"!~", Ask::kMatches, true}, {"~*", Ask::kMatches, false, true}, {"!~*", Ask::kMatches, true, true},
};
constexpr Operator kFileTests[] = {
    {"-f", Ask::kFile, false},       {"!-f", Ask::kFile, true},       {"-d", Ask::kDirectory, false},
    {"!-d", Ask::kDirectory, true},  {"-e", Ask::kExists, false},     {"!-e", Ask::kExists, true},
    {"-x", Ask::kExecutable, false}, {"!-x", Ask::kExecutable, true},
};

template <std::size_t N>
const Operator* Find(const Operator (&table)[N], std::string_view text) {
  const auto row =
      std::find_if(std::begin(table), std::end(table), [&](const Operator& each) { return each.text == text; });
  return row == std::end(table) ? nullptr : row;
}

constexpr std::string_view kForms =
    "expected ($name), ($name = text), ($name ~ expression) or (-f file), with !=, ~*, !~, !~*, -d, -e, -x, !-f and so "
    "on";

void InvalidCondition(const Call& call, const PlacedText& text) {
  call.diagnostics().Error(call.source().Locate(text.span),
                           fmt::format("invalid condition {}, {}", config::Quoted(text.text), kForms));
}

bool IsQuoted(const Word& word) { return word.text.size() != word.span.length; }

// The words between the brackets, which may stand alone or at a word. Empty after an error.
std::vector<PlacedText> WordsOf(const Call& call) {
  std::vector<PlacedText> words;
  for (const Word& word : call.args()) words.push_back({word.text, word.span});
  PlacedText& first = words.front();
  if (!first.text.starts_with('(') || !words.back().text.ends_with(')')) {
    InvalidCondition(call, first.text.starts_with('(') ? words.back() : first);
    return {};
  }
  first.text.erase(0, 1);
  if (!IsQuoted(call.args().front())) first.span = {first.span.offset + 1, first.span.length - 1};
  PlacedText& last = words.back();
  if (!last.text.empty()) last.text.pop_back();
  if (!IsQuoted(call.args().back())) --last.span.length;
  // A bracket that stood alone leaves nothing; a text in quotes may be empty.
  if (words.size() > 1 && words.front().span.length == 0) words.erase(words.begin());
  if (words.size() > 1 && words.back().span.length == 0) words.pop_back();
  return words;
}

std::optional<ConditionDraft> ReadComparison(const Call& call, const std::vector<PlacedText>& words) {
  const std::string_view name = std::string_view(words[0].text).substr(1);
  if (!std::all_of(name.begin(), name.end(), site::IsVariableCharacter)) {
    call.diagnostics().Error(
        call.source().Locate(words[0].span),
        fmt::format("unknown {} variable: a condition begins with one variable, as $name; \"set\" joins several",
                    config::Quoted(name)));
    return std::nullopt;
  }
  ConditionDraft draft;
  draft.value = words[0];
  if (words.size() == 1) return draft;
  const Operator* const row = words.size() > 1 ? Find(kComparisons, words[1].text) : nullptr;
  if (row == nullptr && words.size() == 3) {
    call.diagnostics().Error(
        call.source().Locate(words[1].span),
        fmt::format("unexpected {} in condition, expected =, !=, ~, ~*, !~ or !~*", config::Quoted(words[1].text)));
    return std::nullopt;
  }
  if (words.size() != 3) {
    InvalidCondition(call, words[std::min<std::size_t>(words.size() - 1, 3)]);
    return std::nullopt;
  }
  draft.ask = row->ask;
  draft.negated = row->negated;
  draft.ignore_case = row->ignore_case;
  draft.operand = words[2];
  return draft;
}

// A file's name as it can be looked up: absolute, with a NUL behind it.
std::string_view FileName(Exchange& exchange, std::string_view name) {
  const std::string_view prefix =
      name.starts_with('/') ? std::string_view{} : exchange.settings<site::CoreSettings>().prefix;
  const std::string_view whole = exchange.arena.Concat(prefix, name, std::string_view("\0", 1));
  return whole.substr(0, whole.size() - 1);
}

bool IsSuchFile(Ask ask, Exchange& exchange, std::string_view name) {
  const std::string_view path = FileName(exchange, name);
  const files::Lookup found = pipeline::OpenFile(exchange, path, files::Want::kFacts);
  if (!found) {
    if (!pipeline::IsMissing(found.error)) {
      pipeline::Report(exchange, log::Level::kCrit, "stat() \"{}\" failed ({}: {})", path, found.error,
                       std::strerror(found.error));
    }
    return false;
  }
  const mode_t mode = found.file->stamp().mode;
  switch (ask) {
    case Ask::kFile:
      return S_ISREG(mode);
    case Ask::kDirectory:
      return S_ISDIR(mode);
    case Ask::kExists:
      return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode);
    case Ask::kExecutable:
      return (mode & S_IXUSR) != 0;
    case Ask::kTrue:
    case Ask::kEquals:
    case Ask::kMatches:
      break;
  }
  return false;
}

Verdict TestRegex(const Condition& condition, Exchange& exchange, const ConditionRules& rules) {
  const std::string_view value = pipeline::Evaluate(condition.value, exchange);
  site::MatchFailure failure;
  const site::Matched matched = condition.regex->Match(value, &exchange.values, failure);
  if (matched == site::Matched::kFailed) {
    pipeline::WriteReport(exchange, log::Level::kAlert, failure.Text());
    return Verdict::kFailed;
  }
  const bool yes = matched == site::Matched::kYes;
  if (!yes) exchange.values.groups.clear();
  if (rules.log_matches) {
    pipeline::Report(exchange, log::Level::kNotice, "\"{}\" {} \"{}\"", condition.pattern,
                     yes ? "matches" : "does not match", value);
  }
  return yes != condition.negated ? Verdict::kTrue : Verdict::kFalse;
}

}  // namespace

std::optional<ConditionDraft> ReadCondition(const Call& call) {
  const std::vector<PlacedText> words = WordsOf(call);
  if (words.empty()) return std::nullopt;
  const std::string& first = words.front().text;
  if (first.size() > 1 && first.front() == '$') return ReadComparison(call, words);
  const Operator* const test = Find(kFileTests, first);
  if (test == nullptr || words.size() != 2) {
    InvalidCondition(call, words.front());
    return std::nullopt;
  }
  return ConditionDraft{.ask = test->ask, .negated = test->negated, .value = words[1], .operand = {}};
}

Condition CompileCondition(const ConditionDraft& draft, site::MergeContext& context) {
  Condition out;
  out.ask = draft.ask;
  out.negated = draft.negated;
  PlacedText value = draft.value;
  const bool is_variable = draft.ask == Ask::kTrue || draft.operand.has_value();
  // A variable's name: as in nginx $1 is none.
  if (is_variable) value.text = fmt::format("${{{}}}", std::string_view(value.text).substr(1));
  out.value = context.Compile(value);
  if (!draft.operand) return out;
  if (draft.ask == Ask::kMatches) {
    out.pattern = draft.operand->text;
    if (auto regex = context.CompileRegex(*draft.operand, draft.ignore_case)) out.regex.emplace(*std::move(regex));
  } else {
    out.operand = context.Compile(*draft.operand);
  }
  return out;
}

Verdict Test(const Condition& condition, Exchange& exchange, const ConditionRules& rules) {
  if (condition.ask == Ask::kMatches) return TestRegex(condition, exchange, rules);
  const std::string_view value = pipeline::Evaluate(condition.value, exchange, rules.escaping);
  bool yes = false;
  switch (condition.ask) {
    case Ask::kTrue:
      yes = !value.empty() && value != "0";
      break;
    case Ask::kEquals:
      yes = value == pipeline::Evaluate(condition.operand, exchange, rules.escaping);
      break;
    default:
      yes = IsSuchFile(condition.ask, exchange, value);
      break;
  }
  return yes != condition.negated ? Verdict::kTrue : Verdict::kFalse;
}

}  // namespace colmeia::modules
