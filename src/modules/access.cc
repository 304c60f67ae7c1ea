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

// Zeroes all but the first `bits` bits; true when that changed something.
bool ClearHostBits(std::string& address, unsigned bits) {
  bool changed = false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    const auto kept = static_cast<unsigned>(std::clamp<int>(static_cast<int>(bits) - static_cast<int>(i * 8), 0, 8));
    const auto byte = static_cast<unsigned char>(address[i]);
    const auto cleared = static_cast<unsigned char>(byte & (0xff00u >> kept));
    changed = changed || cleared != byte;
    address[i] = static_cast<char>(cleared);
  }
  return changed;
}

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
  const std::size_t slash = text.find('/');
  const auto address = sys::Address::FromIp(text.substr(0, slash), 0);
  if (!address)
    return call.InvalidValue(word, "expected an address, a network such as 10.0.0.0/8, \"unix:\" or \"all\"");
  AccessRule rule{.allow = allow, .who = Who::kIp, .network = std::string(address->HostBytes())};
  const auto most = static_cast<unsigned>(rule.network.size() * 8);
  rule.bits = most;
  if (slash != std::string_view::npos) {
    const auto bits = util::ParseNumber<unsigned>(text.substr(slash + 1));
    if (!bits || *bits > most) return call.InvalidValue(word, "expected the length of the network behind the slash");
    rule.bits = *bits;
  }
  if (ClearHostBits(rule.network, rule.bits)) call.Warn(word, "low address bits are meaningless in a network");
  draft.rules.push_back(std::move(rule));
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

bool BeginsWithBits(std::string_view address, std::string_view network, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (address.substr(0, whole) != network.substr(0, whole)) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<unsigned char>(0xff00u >> bits % 8);
  return ((static_cast<unsigned char>(address[whole]) ^ static_cast<unsigned char>(network[whole])) & mask) == 0;
}

bool IsAbout(const AccessRule& rule, const sys::Address& peer, std::string_view bytes) {
  switch (rule.who) {
    case Who::kAll:
      return true;
    case Who::kUnix:
      return peer.family() == AF_UNIX;
    case Who::kIp:
      return bytes.size() == rule.network.size() && BeginsWithBits(bytes, rule.network, rule.bits);
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
