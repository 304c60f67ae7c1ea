#include "modules/open_file_cache.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "config/setters.h"
#include "pipeline/open_file.h"
#include "util/strings.h"
#include "util/units.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using config::Word;

using Settings = pipeline::OpenFileSettings;

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

// Export

const site::Module kOpenFileCache = site::DefineModule<Settings, Draft, Merge>("open_file_cache", kDirectives);

}  // namespace colmeia::modules
