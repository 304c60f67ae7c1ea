// A handler that waits until the test says so.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/setters.h"
#include "pipeline/awaiting.h"
#include "pipeline/exchange.h"
#include "site/module.h"

namespace colmeia::pipeline {

// `nap server WAY;`, `nap location WAY;` and `nap content WAY;`: a handler of that place, of the access or the content
// phase in a location, waits, and when it is resumed it says pass, done,
// again (another Awaiting), longer (the same one waits on), a status, or a path to go to.
struct NapSettings {
  std::string where;
  std::string way;
};
struct NapDraft {
  std::optional<NapSettings> settings;
};
inline void SetNap(NapDraft& draft, const config::Call& call) { draft.settings = {call.arg(0), call.arg(1)}; }
inline NapSettings MergeNap(const NapSettings&, const NapDraft& own, site::MergeContext&) {
  return own.settings.value_or(NapSettings{});
}

// What a module keeps besides.
struct NapNote {
  NapNote() { ++alive; }
  ~NapNote() { --alive; }
  NapNote(const NapNote&) = delete;
  NapNote& operator=(const NapNote&) = delete;
  int entered = 0;  // times that the handler was called
  static inline int alive = 0;
};

class Nap final : public Awaiting {
 public:
  explicit Nap(std::string way) : way_(std::move(way)) { ++alive; }
  ~Nap() override { --alive; }

  Outcome Resume(Exchange& exchange) override {
    if (way_ == "pass") return Outcome::Pass();
    if (way_ == "again") return exchange.Await<Nap>("done");
    if (way_ == "longer") {
      way_ = "done";
      return Outcome::Await();
    }
    if (way_.starts_with('/')) {
      exchange.SetPath(way_, "");
      return Outcome::Reroute();
    }
    if (way_ != "done") return Outcome::Respond(static_cast<http::Status>(std::stoi(way_)));
    exchange.response.body.Add(Piece::Memory("rested"));
    return Outcome::Done();
  }
  void Wake() { Ready(); }

  static inline int alive = 0;

 private:
  std::string way_;
};

inline Outcome TakeNap(Exchange& exchange, std::string_view where) {
  const auto& settings = exchange.settings<NapSettings>();
  if (settings.where != where) return Outcome::Pass();
  ++exchange.context<NapNote>().entered;
  return exchange.Await<Nap>(settings.way);
}
inline Outcome NapInServer(Exchange& exchange) { return TakeNap(exchange, "server"); }
inline Outcome NapInLocation(Exchange& exchange) { return TakeNap(exchange, "location"); }
inline Outcome NapInContent(Exchange& exchange) { return TakeNap(exchange, "content"); }

inline constexpr config::Directive kNapDirectives[] = {
    {.name = "nap",
     .contexts = config::In::kServer | config::In::kLocation,
     .arity = config::Args(2),
     .setter = config::Set<&SetNap>,
     .syntax = "phase way",
     .default_value = "",
     .doc = "Waits."},
};
inline constexpr site::PhaseHook kNapHooks[] = {{site::Phase::kServerRewrite, NapInServer, nullptr},
                                                {site::Phase::kAccess, NapInLocation, nullptr},
                                                {site::Phase::kContent, NapInContent, nullptr}};
inline const site::Module kNap = site::DefineModule<NapSettings, NapDraft, MergeNap>(
    "nap", kNapDirectives, {.phases = kNapHooks}, site::Inherit::kNothing);

}  // namespace colmeia::pipeline
