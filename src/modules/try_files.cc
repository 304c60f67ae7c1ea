#include "modules/try_files.h"

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "config/setters.h"
#include "files/store.h"
#include "pipeline/error_response.h"
#include "pipeline/exchange.h"
#include "pipeline/open_file.h"
#include "pipeline/path.h"
#include "pipeline/report.h"
#include "site/site.h"
#include "util/strings.h"

namespace colmeia::modules {
namespace {

using config::AtLeast;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using http::Status;
using pipeline::Candidate;
using pipeline::Exchange;
using pipeline::Outcome;
using site::MergeContext;
using site::Phase;
using site::PlacedText;
using site::Template;

struct Argument {
  Template text;
  bool folder = false;  // written with a slash at its end
};

struct Settings {
  std::vector<Argument> candidates;  // empty: no try_files here
  std::optional<Status> status;      // the fall-back is =code ...
  Template target;                   // ... or a path or "@name"
};

struct Draft {
  std::vector<PlacedText> words;  // the fall-back is the last one
  std::optional<Status> status;
};

// Directives

void SetTryFiles(Draft& draft, const Call& call) {
  if (!draft.words.empty()) return call.Duplicate();
  for (const Word& word : call.args()) draft.words.push_back({word.text, word.span});
  const Word& last = call.args().back();
  if (!last.text.starts_with('=')) return;
  const auto code = util::ParseNumber<unsigned>(std::string_view(last.text).substr(1));
  // nginx takes any number up to 999; below 200 none is an answer.
  if (!code || *code < 200 || *code > 999) return call.InvalidValue(last, "expected =CODE, such as =404");
  draft.status = static_cast<Status>(*code);
}

constexpr Directive kDirectives[] = {
    {.name = "try_files",
     .contexts = In::kServer | In::kLocation,
     .arity = AtLeast(2),
     .setter = config::Set<&SetTryFiles>,
     .syntax = "file ... uri | file ... =code",
     .default_value = "",
     .doc = "Serve the first path that exists, a folder when written with a slash; else go on with the last argument."},
};

// Merge

Settings Merge(const Settings&, const Draft& own, MergeContext& context) {
  Settings out;
  out.status = own.status;
  for (std::size_t i = 0; i < own.words.size(); ++i) {
    PlacedText word = own.words[i];
    if (i + 1 == own.words.size()) {
      if (!own.status) out.target = context.Compile(word);
      break;
    }
    const bool folder = word.text.ends_with('/');
    if (folder) word.text.pop_back();
    out.candidates.push_back({context.Compile(word), folder});
  }
  return out;
}

// Behaviour

// Whether the file exists as the kind that was asked for.
bool Exists(Exchange& exchange, std::string_view file, bool folder) {
  const files::Lookup found = pipeline::OpenFile(exchange, file, files::Want::kFacts);
  if (found) return (found.file->kind() == files::Kind::kDirectory) == folder;
  if (!pipeline::IsMissing(found.error)) {
    pipeline::Report(exchange, log::Level::kCrit, "stat() \"{}\" failed ({}: {})", file, found.error,
                     std::strerror(found.error));
  }
  return false;
}

Outcome FallBack(Exchange& exchange, const Settings& settings) {
  if (settings.status) return pipeline::RespondBare(exchange, *settings.status);
  exchange.GoTo(Candidate(exchange, settings.target).text());
  return Outcome::Reroute();
}

Outcome Handle(Exchange& exchange) {
  const Settings& settings = exchange.settings<Settings>();
  for (const Argument& argument : settings.candidates) {
    const Candidate candidate(exchange, argument.text);
    const pipeline::FileName file = candidate.Map(exchange);
    if (!file || !Exists(exchange, *file, argument.folder)) continue;
    candidate.Take(exchange, argument.folder);
    return Outcome::Pass();
  }
  return FallBack(exchange, settings);
}

bool Applies(const site::SettingsSet& settings) { return !settings.Get<Settings>().candidates.empty(); }

constexpr site::PhaseHook kPhases[] = {{Phase::kPrecontent, Handle, Applies}};

}  // namespace

// Export

const site::Module kTryFiles =
    site::DefineModule<Settings, Draft, Merge>("try_files", kDirectives, {.phases = kPhases}, site::Inherit::kNothing);

}  // namespace colmeia::modules
