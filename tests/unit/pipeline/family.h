// Handlers that have children.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/setters.h"
#include "pipeline/awaiting.h"
#include "pipeline/child.h"
#include "pipeline/exchange.h"
#include "pipeline/joined_body.h"
#include "site/module.h"

namespace colmeia::pipeline {

// `include_of PATH ...;` answers with what children answer, one behind the other. `ask PATH;` asks a child before the
// content: 200 lets pass, whatever else it says is the answer.
struct FamilySettings {
  std::vector<std::string> include;
  std::string ask;
};
struct FamilyDraft {
  std::vector<std::string> include;
  std::optional<std::string> ask;
};
inline void SetInclude(FamilyDraft& draft, const config::Call& call) {
  for (const config::Word& word : call.args()) draft.include.push_back(word.text);
}
inline FamilySettings MergeFamily(const FamilySettings&, const FamilyDraft& own, site::MergeContext&) {
  return {.include = own.include, .ask = own.ask.value_or("")};
}

inline Outcome Include(Exchange& exchange) {
  const auto& settings = exchange.settings<FamilySettings>();
  if (settings.include.empty()) return Outcome::Pass();
  std::vector<std::unique_ptr<BodySource>> parts;
  for (const std::string& path : settings.include) {
    parts.push_back(std::make_unique<ChildBody>(exchange, path, "from=include"));
  }
  exchange.response.body.SetSource(std::make_unique<JoinedBody>(std::move(parts)));
  return Outcome::Done();
}

inline Outcome Judge(ChildExchange& child) {
  child.Finish(0);
  const http::Status status = child.exchange().response.status;
  return status == http::Status::kOk ? Outcome::Pass() : Outcome::Respond(status);
}

class Asking final : public Awaiting {
 public:
  explicit Asking(std::unique_ptr<ChildExchange> child) : child_(std::move(child)) {
    child_->SetReader([this] { Ready(); });
  }
  Outcome Resume(Exchange&) override { return child_->Run() == RunState::kWaits ? Outcome::Await() : Judge(*child_); }

 private:
  std::unique_ptr<ChildExchange> child_;
};

inline Outcome Ask(Exchange& exchange) {
  const std::string& path = exchange.settings<FamilySettings>().ask;
  if (path.empty()) return Outcome::Pass();
  auto child = ChildExchange::Make(exchange, path, {});
  if (child == nullptr) return Outcome::Respond(http::Status::kInternalServerError);
  if (child->Run() == RunState::kComplete) return Judge(*child);
  return exchange.Await<Asking>(std::move(child));
}

inline constexpr config::Directive kFamilyDirectives[] = {
    {.name = "include_of",
     .contexts = config::In::kLocation,
     .arity = config::AtLeast(1),
     .setter = config::Set<&SetInclude>,
     .syntax = "path ...",
     .default_value = "",
     .doc = "Answers with children."},
    {.name = "ask",
     .contexts = config::In::kLocation,
     .arity = config::Args(1),
     .setter = config::SetString<&FamilyDraft::ask>,
     .syntax = "path",
     .default_value = "",
     .doc = "Asks a child."},
};
inline constexpr site::PhaseHook kFamilyHooks[] = {{site::Phase::kPrecontent, Ask, nullptr},
                                                   {site::Phase::kContent, Include, nullptr}};
inline const site::Module kFamily = site::DefineModule<FamilySettings, FamilyDraft, MergeFamily>(
    "family", kFamilyDirectives, {.phases = kFamilyHooks}, site::Inherit::kNothing);

}  // namespace colmeia::pipeline
