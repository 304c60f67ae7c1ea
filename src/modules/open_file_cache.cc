#include "modules/open_file_cache.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "config/setters.h"
#include "pipeline/exchange.h"
#include "pipeline/path.h"
#include "pipeline/report.h"
#include "pipeline/services.h"
#include "site/core_settings.h"
#include "util/strings.h"
#include "util/units.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using pipeline::Exchange;
using pipeline::Outcome;

struct Settings {
  files::CacheRules rules;
};

struct CacheDraft {
  std::shared_ptr<const files::CacheSpec> spec;  // null = off
};

struct Draft {
  std::optional<CacheDraft> cache;
  std::optional<util::Milliseconds> valid;
  std::optional<std::uint32_t> min_uses;
  std::optional<bool> errors;
};

// Directives

void SetCache(Draft& draft, const Call& call) {
  if (draft.cache) return call.Duplicate();
  draft.cache.emplace();
  if (call.args().size() == 1 && call.arg(0) == "off") return;
  files::CacheSpec spec;
  for (const Word& word : call.args()) {
    const std::string_view text = word.text;
    if (text.starts_with("max=")) {
      const auto max = util::ParseNumber<std::uint32_t>(text.substr(4));
      if (!max || *max == 0) return call.InvalidValue(word, "expected max=NUMBER of at least 1");
      spec.max = *max;
    } else if (text.starts_with("inactive=")) {
      const auto inactive = util::ParseTime(text.substr(9));
      if (!inactive) return call.InvalidValue(word, "expected inactive=TIME");
      spec.inactive = *inactive;
    } else {
      return call.InvalidValue(word, "expected max=NUMBER, inactive=TIME, or \"off\" alone");
    }
  }
  if (spec.max == 0) return call.Error("\"open_file_cache\" must have the \"max\" parameter");
  draft.cache->spec = std::make_shared<const files::CacheSpec>(spec);
}

constexpr In kEverywhere = In::kHttp | In::kServer | In::kLocation;

constexpr Directive kDirectives[] = {
    {.name = "open_file_cache",
     .contexts = kEverywhere,
     .arity = Args(1, 2),
     .setter = config::Set<&SetCache>,
     .syntax = "off | max=N [inactive=time]",
     .default_value = "off",
     .doc = "Keep files open and believe what is known of them for a while, instead of asking the disk each time."},
    {.name = "open_file_cache_valid",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetTime<&Draft::valid>,
     .syntax = "time",
     .default_value = "60s",
     .doc = "How long what is known of a cached file is believed."},
    {.name = "open_file_cache_min_uses",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::min_uses, 1>,
     .syntax = "number",
     .default_value = "1",
     .doc = "How often a file must be asked for until it stays open."},
    {.name = "open_file_cache_errors",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::errors>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Remember also which files cannot be had."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext&) {
  Settings out = outer;
  if (own.cache) out.rules.cache = own.cache->spec;
  out.rules.valid = own.valid.value_or(outer.rules.valid);
  out.rules.min_uses = own.min_uses.value_or(outer.rules.min_uses);
  out.rules.errors = own.errors.value_or(outer.rules.errors);
  return out;
}

}  // namespace

// Behaviour

bool IsMissing(int error) { return error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG; }

files::Lookup OpenFile(Exchange& exchange, std::string_view path, files::Want want) {
  const pipeline::Services& services = *exchange.services;
  return services.files->Open(
      path,
      {.want = want, .moment = services.moment, .rules = &exchange.settings<Settings>().rules, .now = services.now});
}

Outcome RefuseFile(Exchange& exchange, std::string_view path, int error, std::string_view call) {
  const bool missing = IsMissing(error);
  if (error == EMFILE || error == ENFILE) exchange.services->lacks_descriptors = true;
  const bool forbidden = error == EACCES || error == ELOOP;
  if (!missing || exchange.settings<site::CoreSettings>().log_not_found) {
    const log::Level level = missing || forbidden ? log::Level::kError : log::Level::kCrit;
    if (pipeline::ErrorLogOf(exchange).Enabled(level)) {
      // A busy site has many of these lines: no format is read for them, and no translation looked for.
      const char* const why = strerrordesc_np(error);
      pipeline::WriteReport(
          exchange, level,
          exchange.arena.Concat(call, " \"", pipeline::Shown(exchange, path), "\" failed (",
                                fmt::format_int(error).c_str(), ": ", why != nullptr ? why : "Unknown error", ")"));
    }
  }
  if (missing) return Outcome::Respond(http::Status::kNotFound);
  return Outcome::Respond(forbidden ? http::Status::kForbidden : http::Status::kInternalServerError);
}

Outcome RefusePath(Exchange& exchange) {
  pipeline::Report(exchange, log::Level::kError, "\"{}\" leads out of \"{}\"", exchange.request.path,
                   pipeline::DocumentRoot(exchange));
  return Outcome::Respond(http::Status::kNotFound);
}

// Export

const site::Module kOpenFileCache = site::DefineModule<Settings, Draft, Merge>("open_file_cache", kDirectives);

}  // namespace colmeia::modules
