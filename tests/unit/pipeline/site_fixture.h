// A site built from a configuration written in the test, and exchanges run on it without a socket.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "config/setters.h"
#include "log/error_log.h"
#include "pipeline/aio.h"
#include "pipeline/error_response.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "pipeline/family.h"
#include "pipeline/nap.h"
#include "pipeline/runner.h"
#include "pipeline/services.h"
#include "pipeline/variables.h"
#include "site/builder.h"
#include "site/core_module.h"
#include "site/events.h"
#include "site/process.h"
#include "site/site.h"

namespace colmeia::pipeline {

// `say TEXT;` answers with a template; `refuse CODE;` responds with a status; `go PATH;` reroutes.
struct SaySettings {
  site::Template text;
  http::Status refuse = http::Status::kNone;
  std::string go;
};
struct SayDraft {
  std::optional<site::PlacedText> text;
  std::optional<int> refuse;
  std::optional<std::string> go;
};
inline void SetSay(SayDraft& draft, const config::Call& call) {
  draft.text = site::PlacedText{call.arg(0), call.args()[0].span};
}
inline SaySettings MergeSay(const SaySettings& outer, const SayDraft& own, site::MergeContext& context) {
  SaySettings out = outer;
  if (own.text) out.text = context.Compile(*own.text);
  if (own.refuse) out.refuse = static_cast<http::Status>(*own.refuse);
  if (own.go) out.go = *own.go;
  return out;
}
inline Outcome Say(Exchange& exchange) {
  const auto& settings = exchange.settings<SaySettings>();
  if (!settings.go.empty()) {
    exchange.SetPath(settings.go, "");
    return Outcome::Reroute();
  }
  if (settings.refuse == http::Status::kClose) return RespondBare(exchange, settings.refuse);
  if (settings.refuse != http::Status::kNone) return Outcome::Respond(settings.refuse);
  if (settings.text.empty()) return Outcome::Pass();
  exchange.response.body.Add(Piece::Memory(exchange.arena.Copy(Evaluate(settings.text, exchange))));
  return Outcome::Done();
}
inline constexpr config::In kEverywhere = config::In::kHttp | config::In::kServer | config::In::kLocation;
inline constexpr config::Directive kSayDirectives[] = {
    {.name = "say",
     .contexts = kEverywhere,
     .arity = config::Args(1),
     .setter = config::Set<&SetSay>,
     .syntax = "text",
     .default_value = "",
     .doc = "Answers."},
    {.name = "refuse",
     .contexts = kEverywhere,
     .arity = config::Args(1),
     .setter = config::SetNumber<&SayDraft::refuse, 100, 599>,
     .syntax = "code",
     .default_value = "",
     .doc = "Refuses."},
    {.name = "go",
     .contexts = kEverywhere,
     .arity = config::Args(1),
     .setter = config::SetString<&SayDraft::go>,
     .syntax = "path",
     .default_value = "",
     .doc = "Reroutes."},
};
inline constexpr site::PhaseHook kSayHooks[] = {{site::Phase::kContent, Say, nullptr}};
inline const site::Module kSay = site::DefineModule<SaySettings, SayDraft, MergeSay>(
    "say", kSayDirectives, {.phases = kSayHooks}, site::Inherit::kNothing);

// Knows "twin", which is 127.0.0.1 and 127.0.0.2, and nothing else.
class TwinResolver final : public site::Resolver {
 public:
  Result<std::vector<sys::Address>> Resolve(const std::string& text) override {
    if (!text.starts_with("twin:")) return Fail("host not found in \"" + text + "\"");
    return std::vector<sys::Address>{*sys::Address::ParseListen("127.0.0.1" + text.substr(4)),
                                     *sys::Address::ParseListen("127.0.0.2" + text.substr(4))};
  }
};

class SiteTest : public testing::Test {
 protected:
  // The text is the whole file; the site is null when it has mistakes, which are in `mistakes`.
  void Load(const std::string& text) {
    config::Source source = config::Source::FromText("/etc/test.conf", text);
    source.prefix = "/srv/";
    source.conf_path = "/etc/test.conf";
    config::Diagnostics diagnostics;
    static const site::ModuleList kModules(
        {&site::kProcess, &site::kEvents, &site::kCore, &kVariables, &kAio, &kClientBody, &kNap, &kFamily, &kSay});
    TwinResolver resolver;
    site = site::BuildSite(source, {&kModules, &resolver}, diagnostics);
    mistakes = diagnostics.Render();
  }

  // The http block of one server that listens on 127.0.0.1:80.
  void LoadServer(const std::string& text) {
    Load("http { server { listen 127.0.0.1:80; server_name example.org; " + text + " } }");
    ASSERT_NE(site, nullptr) << mistakes;
  }

  // Runs `path` on the first server and returns the body.
  std::string Get(const std::string& path, const std::string& args = "") {
    exchange.Reset();
    peer = *sys::Address::FromIp("192.0.2.7", 4711);
    local = *sys::Address::FromIp("127.0.0.1", 80);
    facts = {.number = 9, .requests = 2, .peer = &peer, .local = LocalAddress(&local)};
    services.site = site.get();
    services.error_logs.assign(site->error_logs.size(), &silent);
    services.hostname = "machine";
    services.pid = 42;
    exchange.services = &services;
    exchange.connection = &facts;
    exchange.server = site->servers.front().get();
    exchange.request.method = http::Method::kGet;
    exchange.request.method_text = "GET";
    exchange.request.host = "example.org";
    line = "GET " + path + " HTTP/1.1";
    path_text = path;
    args_text = args;
    exchange.request.line = line;
    exchange.request.target = path_text;
    exchange.request.path = path_text;
    exchange.request.args = args_text;
    Runner::Run(exchange);
    return BodyText();
  }

  std::string BodyText() const {
    std::string out;
    for (const Piece& piece : exchange.response.body.pieces()) out += piece.memory;
    return out;
  }

  int status() const { return http::Code(exchange.response.status); }

  std::unique_ptr<const site::Site> site;
  std::string mistakes;
  log::ErrorLog silent;
  Services services;
  sys::Address peer;
  sys::Address local;
  ConnectionFacts facts;
  std::string line;
  std::string path_text;
  std::string args_text;
  Exchange exchange;
};

}  // namespace colmeia::pipeline
