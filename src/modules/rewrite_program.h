// What a block's set, rewrite, if, break and return are compiled to: a list of steps, run in the order of the
// configuration until one of them ends it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "http/status.h"
#include "modules/rewrite_condition.h"
#include "pipeline/outcome.h"
#include "site/module.h"

namespace colmeia::modules {

// set $name value
struct SetStep {
  site::Assignable target;
  site::Template value;
};

// What happens when the expression of a `rewrite` has matched.
enum class Rewriting : std::uint8_t {
  kGoOn,       // the path is changed, and the next step sees it
  kLast,       // ... and a location is chosen for it
  kBreak,      // ... and the location stays
  kRedirect,   // 302
  kPermanent,  // 301
};

// rewrite expression replacement [flag]
struct RewriteStep {
  site::Regex regex;
  std::string pattern;  // as it is written, for rewrite_log
  Rewriting then = Rewriting::kGoOn;
  site::Template path;     // the replacement; unless the client is sent elsewhere, up to the first "?"
  bool has_args = false;   // there is such a "?"
  site::Template args;     // and what follows it
  bool keeps_args = true;  // the request's arguments are appended: no "?" at its end
};

// if (condition) { inner }
struct IfStep {
  Condition condition;
  const site::Location* inner = nullptr;  // of which the program is run, and which is entered if it is a location's
};

struct BreakStep {};

// return code [text] | return URL
struct ReturnStep {
  http::Status status = http::Status::kOk;
  bool has_text = false;
  site::Template text;  // a body, or with a redirecting status where to
};

using ProgramStep = std::variant<SetStep, RewriteStep, IfStep, BreakStep, ReturnStep>;

// A module's settings; blocks inherit all but the program.
struct RewriteSettings {
  bool log = false;                         // rewrite_log
  bool uninitialized_variable_warn = true;  // uninitialized_variable_warn
  std::vector<ProgramStep> program;
};

// Runs the program of the place that the exchange is in: a server's before a location is chosen, or a location's.
[[nodiscard]] pipeline::Outcome RunServerProgram(pipeline::Exchange& exchange);
[[nodiscard]] pipeline::Outcome RunLocationProgram(pipeline::Exchange& exchange);

}  // namespace colmeia::modules
