#include "modules/index.h"

#include <cerrno>
#include <string>
#include <vector>

#include "config/setters.h"
#include "files/store.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "pipeline/open_file.h"
#include "pipeline/path.h"
#include "pipeline/report.h"
#include "site/core_settings.h"

namespace colmeia::modules {
namespace {

using config::AtLeast;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using http::Status;
using pipeline::Exchange;
using pipeline::Outcome;
using site::MergeContext;
using site::Phase;
using site::PlacedText;
using site::Template;

struct Settings {
  std::vector<Template> names;  // "index.html" when nothing is written
};

struct Draft {
  std::vector<PlacedText> names;
};

// Directives

void AddNames(Draft& draft, const Call& call) {
  for (const Word& word : call.args()) {
    if (word.text.empty()) return call.InvalidValue(word, "expected the name of a file");
    if (word.text.starts_with('/') && &word != &call.args().back()) {
      call.Warn(word, "only the last index should be an absolute path: those behind it are never tried");
    }
    draft.names.push_back({word.text, word.span});
  }
}

constexpr Directive kDirectives[] = {
    {.name = "index",
     .contexts = In::kHttp | In::kServer | In::kLocation,
     .arity = AtLeast(1),
     .setter = config::Set<&AddNames>,
     .syntax = "file ...",
     .default_value = "index.html",
     .doc = "The files of a folder that answer for it: the first one that exists."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, MergeContext& context) {
  Settings out;
  for (const PlacedText& name : own.names) out.names.push_back(context.Compile(name));
  if (out.names.empty()) out.names = outer.names;
  if (out.names.empty()) out.names.push_back(context.Compile({"index.html", {}}));
  return out;
}

// Behaviour

Outcome RedirectTo(Exchange& exchange, std::string_view path) {
  exchange.SetPath(path, exchange.request.args);
  return Outcome::Reroute();
}

// For a folder that has none of the names: there may be none. Passes when there is one.
Outcome LookAtFolder(Exchange& exchange) {
  const pipeline::FileName folder = pipeline::MapPath(exchange);
  if (!folder) return pipeline::RefusePath(exchange);
  const files::Lookup found = pipeline::OpenFile(exchange, *folder, files::Want::kFacts);
  if (found) return Outcome::Pass();
  if (found.error != ENOENT) return pipeline::RefuseFile(exchange, *folder, found.error);
  if (exchange.settings<site::CoreSettings>().log_not_found) {
    pipeline::Report(exchange, log::Level::kError, "\"{}\" is not found ({}: No such file or directory)", *folder,
                     ENOENT);
  }
  return Outcome::Respond(Status::kNotFound);
}

Outcome Handle(Exchange& exchange) {
  const http::Method method = exchange.request.method;
  const bool reads = http::IsGetOrHead(method) || method == http::Method::kPost;
  if (!reads || !exchange.request.path.ends_with('/')) return Outcome::Pass();
  bool tried = false;
  for (const Template& name : exchange.settings<Settings>().names) {
    const std::string_view text = pipeline::Evaluate(name, exchange);
    if (text.starts_with('/')) {
      // Nobody answers for a folder that does not exist.
      const Outcome outcome = tried ? LookAtFolder(exchange) : Outcome::Pass();
      return outcome.next == pipeline::Next::kPass ? RedirectTo(exchange, text) : outcome;
    }
    if (text.empty()) continue;
    const pipeline::FileName file = pipeline::MapInFolder(exchange, text);
    if (!file) continue;
    const files::Lookup found = pipeline::OpenFile(exchange, *file, files::Want::kFacts);
    if (found) return RedirectTo(exchange, exchange.arena.Concat(exchange.request.path, text));
    if (found.error != ENOENT) return pipeline::RefuseFile(exchange, *file, found.error);
    tried = true;
  }
  return LookAtFolder(exchange);
}

constexpr site::PhaseHook kPhases[] = {{Phase::kContent, Handle, nullptr}};

}  // namespace

// Export

const site::Module kIndex = site::DefineModule<Settings, Draft, Merge>("index", kDirectives, {.phases = kPhases});

}  // namespace colmeia::modules
