// The condition of an `if`: read from its words, compiled, and asked for one exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/directive.h"
#include "pipeline/evaluate.h"
#include "site/module.h"

namespace colmeia::modules {

// What is asked of the value.
enum class Ask : std::uint8_t {
  kTrue,        // ($a): it is neither empty nor "0"
  kEquals,      // ($a = b)
  kMatches,     // ($a ~ b)
  kFile,        // (-f a): it names a regular file
  kDirectory,   // (-d a)
  kExists,      // (-e a): one of them, or a link
  kExecutable,  // (-x a): its owner may execute it
};

// As it is written. Nothing of it is compiled.
struct ConditionDraft {
  Ask ask = Ask::kTrue;
  bool negated = false;
  bool ignore_case = false;
  site::PlacedText value;                   // of which it is asked; "$name" but for files
  std::optional<site::PlacedText> operand;  // what it is compared with
};

// Nothing after an error was reported.
[[nodiscard]] std::optional<ConditionDraft> ReadCondition(const config::Call& call);

struct Condition {
  Ask ask = Ask::kTrue;
  bool negated = false;
  site::Template value;
  site::Template operand;            // of kEquals
  std::optional<site::Regex> regex;  // of kMatches
  std::string pattern;               // as it is written, for rewrite_log
};

// Without a regex after an error was reported.
[[nodiscard]] Condition CompileCondition(const ConditionDraft& draft, site::MergeContext& context);

enum class Verdict : std::uint8_t {
  kFalse,
  kTrue,
  kFailed,  // unknown: a regular expression could not be matched, which has been reported
};

// What of the rewrite phase a condition goes by.
struct ConditionRules {
  pipeline::Escaping escaping;
  bool log_matches = false;  // rewrite_log
};

[[nodiscard]] Verdict Test(const Condition& condition, pipeline::Exchange& exchange, const ConditionRules& rules);

}  // namespace colmeia::modules
