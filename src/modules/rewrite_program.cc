#include "modules/rewrite_program.h"

#include <optional>

#include "http/escape.h"
#include "modules/rewrite_return.h"
#include "pipeline/error_response.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "site/site.h"

namespace colmeia::modules {
namespace {

using http::Status;
using pipeline::Escaping;
using pipeline::Exchange;
using pipeline::Outcome;

std::string_view EscapeGroup(util::Arena& arena, std::optional<std::string_view> group) {
  if (!group) return {};
  std::string escaped;
  http::AppendEscapedArgument(*group, escaped);
  return arena.Copy(escaped);
}

// Whether the client's path had an escape or a "+" in it: then groups of the decoded path are escaped again where they
// become arguments or a URL.
bool HadEscapes(const Exchange& exchange) {
  const std::string_view target = exchange.request.target;
  return target.substr(0, target.find('?')).find_first_of("%+") != std::string_view::npos;
}

// One run of a server's or a location's program.
class Run {
 public:
  Run(Exchange& exchange, bool in_server)
      : exchange_(exchange), in_server_(in_server), log_(exchange.settings<RewriteSettings>().log) {}

  Outcome Perform() {
    Steps(exchange_.settings<RewriteSettings>().program);
    if (answer_) return *answer_;
    // A server's change of the path needs no more: a location is chosen next.
    if (in_server_) return Outcome::Pass();
    if (path_changed_) return Outcome::Rewrite();
    return entered_ ? Outcome::Enter() : Outcome::Pass();
  }

 private:
  enum class Flow { kGoOn, kEnd };

  Flow Steps(const std::vector<ProgramStep>& steps) {
    for (const ProgramStep& step : steps) {
      if (std::visit([this](const auto& one) { return Take(one); }, step) == Flow::kEnd) return Flow::kEnd;
    }
    return Flow::kGoOn;
  }

  Flow Answer(Outcome outcome) {
    answer_ = outcome;
    return Flow::kEnd;
  }
  Flow Fail() { return Answer(Outcome::Respond(Status::kInternalServerError)); }

  // nginx escapes groups in values as in URLs, until the first `rewrite` has matched.
  [[nodiscard]] Escaping EscapingOfValues() const { return before_rewrites_ ? EscapingOfUrls() : Escaping(); }
  [[nodiscard]] Escaping EscapingOfUrls() const {
    return HadEscapes(exchange_) ? Escaping(nullptr, EscapeGroup) : Escaping();
  }

  Flow Take(const SetStep& step) {
    const bool plain = step.value.constant();
    const std::string_view value = pipeline::Evaluate(step.value, exchange_, plain ? Escaping() : EscapingOfValues());
    if (step.target.own != nullptr) {
      exchange_.values.Set(step.target.own->slot, value);
    } else {
      step.target.assign(exchange_, value);
    }
    return Flow::kGoOn;
  }

  Flow Take(const RewriteStep& step) {
    const std::string_view path = exchange_.request.path;
    site::MatchFailure failure;
    switch (step.regex.Match(path, &exchange_.values, failure)) {
      case site::Matched::kFailed:
        pipeline::WriteReport(exchange_, log::Level::kAlert, failure.Text());
        return Fail();
      case site::Matched::kNo:
        exchange_.values.groups.clear();
        Log("\"{}\" does not match \"{}\"", step.pattern, path);
        return Flow::kGoOn;
      case site::Matched::kYes:
        Log("\"{}\" matches \"{}\"", step.pattern, path);
        break;
    }
    before_rewrites_ = false;
    exchange_.internal = true;
    if (step.then == Rewriting::kRedirect || step.then == Rewriting::kPermanent) return SendElsewhere(step);
    return ChangePath(step);
  }

  Flow SendElsewhere(const RewriteStep& step) {
    const std::string_view given = pipeline::Evaluate(step.path, exchange_, EscapingOfUrls());
    std::string_view url = exchange_.arena.Copy(http::UnescapeRedirect(given));
    const std::string_view args = exchange_.request.args;
    if (step.keeps_args && !args.empty()) url = exchange_.arena.Concat(url, step.has_args ? "&" : "?", args);
    Log("rewritten redirect: \"{}\"", url);
    const Status status = step.then == Rewriting::kPermanent ? Status::kMovedPermanently : Status::kFound;
    return Answer(pipeline::Redirect(exchange_, status, url));
  }

  Flow ChangePath(const RewriteStep& step) {
    path_changed_ = step.then != Rewriting::kBreak;
    const std::string_view path = pipeline::Evaluate(step.path, exchange_);
    std::string_view args = step.keeps_args ? exchange_.request.args : std::string_view{};
    if (step.has_args) {
      const std::string_view own = pipeline::Evaluate(step.args, exchange_, EscapingOfUrls());
      args = args.empty() ? own : exchange_.arena.Concat(own, "&", args);
    }
    Log("rewritten data: \"{}\", args: \"{}\"", path, args);
    if (path.empty()) {
      pipeline::Report(exchange_, log::Level::kError, "the rewritten URI has a zero length");
      return Fail();
    }
    exchange_.SetPath(path, args);
    return step.then == Rewriting::kGoOn ? Flow::kGoOn : Flow::kEnd;
  }

  Flow Take(const IfStep& step) {
    const ConditionRules rules{.escaping = before_rewrites_ ? EscapingOfUrls() : Escaping(), .log_matches = log_};
    switch (Test(step.condition, exchange_, rules)) {
      case Verdict::kFailed:
        return Fail();
      case Verdict::kFalse:
        return Flow::kGoOn;
      case Verdict::kTrue:
        break;
    }
    if (!in_server_) {
      exchange_.Enter(*step.inner);
      entered_ = true;
    }
    return Steps(step.inner->settings.Get<RewriteSettings>().program);
  }

  Flow Take(const BreakStep&) {
    path_changed_ = false;
    return Flow::kEnd;
  }

  Flow Take(const ReturnStep& step) { return Answer(Return(step, exchange_)); }

  template <class... Args>
  void Log(fmt::format_string<Args...> format, Args&&... args) {
    if (log_) pipeline::Report(exchange_, log::Level::kNotice, format, std::forward<Args>(args)...);
  }

  Exchange& exchange_;
  const bool in_server_;
  const bool log_;               // rewrite_log of the block that the program is of
  bool before_rewrites_ = true;  // no `rewrite` has matched yet
  bool path_changed_ = false;    // and a location is to be chosen for it
  bool entered_ = false;         // a location inside
  std::optional<Outcome> answer_;
};

}  // namespace

Outcome RunServerProgram(Exchange& exchange) { return Run(exchange, /*in_server=*/true).Perform(); }

Outcome RunLocationProgram(Exchange& exchange) { return Run(exchange, /*in_server=*/false).Perform(); }

}  // namespace colmeia::modules
