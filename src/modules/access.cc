#include "modules/access.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "config/setters.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "site/access_settings.h"
#include "sys/address.h"
#include "util/strings.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using http::Status;
using pipeline::Exchange;
using pipeline::Outcome;
using site::AccessRule;
using site::Phase;
using Settings = site::AccessSettings;
using Who = site::AccessRule::Who;

struct Draft {
  std::vector<AccessRule> rules;
};

// Directives

void AddRule(Draft& draft, const Call& call, bool allow) {
  const Word& word = call.args()[0];
  const std::string_view text = word.text;
  if (text == "all") {
    draft.rules.push_back({.allow = allow, .who = Who::kAll, .network = {}});
    return;
  }
  if (text == "unix:") {
    draft.rules.push_back({.allow = allow, .who = Who::kUnix, .network = {}});
    return;
  }
  sys::NetworkFault fault{};
  const auto parsed = sys::ParseNetwork(text, fault);
  if (!parsed) {
    return call.InvalidValue(word, fault == sys::NetworkFault::kLength
                                       ? "expected the length of the network behind the slash"
                                       : "expected an address, a network such as 10.0.0.0/8, \"unix:\" or \"all\"");
  }
  if (parsed->had_host_bits) call.Warn(word, "low address bits are meaningless in a network");
  draft.rules.push_back({.allow = allow, .who = Who::kIp, .network = parsed->network});
}

void AddAllow(Draft& draft, const Call& call) { AddRule(draft, call, true); }
void AddDeny(Draft& draft, const Call& call) { AddRule(draft, call, false); }

constexpr In kEverywhere = In::kHttp | In::kServer | In::kLocation;

constexpr Directive kDirectives[] = {
    {.name = "allow",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::Set<&AddAllow>,
     .syntax = "address | CIDR | unix: | all",
     .default_value = "",
     .doc = "Let these clients in; the first allow or deny that is about a client decides."},
    {.name = "deny",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::Set<&AddDeny>,
     .syntax = "address | CIDR | unix: | all",
     .default_value = "",
     .doc = "Answer these clients with 403; a block's own rules replace those of the blocks around it."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext&) {
  return own.rules.empty() ? outer : Settings{.rules = own.rules};
}

// Behaviour

bool IsAbout(const AccessRule& rule, const sys::Address& peer, std::string_view bytes) {
  switch (rule.who) {
    case Who::kAll:
      return true;
    case Who::kUnix:
      return peer.family() == AF_UNIX;
    case Who::kIp:
      return rule.network.Contains(bytes);
  }
  return false;
}

Outcome Handle(Exchange& exchange) {
  const sys::Address& peer = *exchange.connection->peer;
  const std::string_view bytes = peer.PlainHostBytes();
  for (const AccessRule& rule : exchange.settings<Settings>().rules) {
    if (!IsAbout(rule, peer, bytes)) continue;
    if (rule.allow) return Outcome::Pass();
    pipeline::Report(exchange, log::Level::kError, "access forbidden by rule");
    return Outcome::Respond(Status::kForbidden);
  }
  return Outcome::Pass();
}

bool Applies(const site::SettingsSet& settings) { return !settings.Get<Settings>().rules.empty(); }

constexpr site::PhaseHook kPhases[] = {{Phase::kAccess, Handle, Applies}};

}  // namespace

// Export

const site::Module kAccess = site::DefineModule<Settings, Draft, Merge>("access", kDirectives, {.phases = kPhases});

}  // namespace colmeia::modules
