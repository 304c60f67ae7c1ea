#include "pipeline/content_coding.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "config/setters.h"
#include "http/accept_encoding.h"
#include "http/date.h"
#include "http/list.h"
#include "log/error_log.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "pipeline/services.h"
#include "site/regex.h"
#include "util/strings.h"

namespace colmeia::pipeline {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using http::HeaderId;

// What gzip_proxied allows, as bits.
enum Proxied : std::uint32_t {
  kOff = 1u << 0,
  kExpired = 1u << 1,
  kNoCache = 1u << 2,
  kNoStore = 1u << 3,
  kPrivate = 1u << 4,
  kNoLastModified = 1u << 5,
  kNoEtag = 1u << 6,
  kAuth = 1u << 7,
  kAny = 1u << 8,
};

struct ProxiedWord {
  std::string_view word;
  Proxied bit;
};
constexpr ProxiedWord kProxiedWords[] = {
    {"off", kOff},          {"expired", kExpired}, {"no-cache", kNoCache},
    {"no-store", kNoStore}, {"private", kPrivate}, {"no_last_modified", kNoLastModified},
    {"no_etag", kNoEtag},   {"auth", kAuth},       {"any", kAny},
};

struct Disabled {
  bool msie6 = false;
  std::vector<site::Regex> patterns;
};

struct CodingSettings {
  bool vary = false;
  int least_minor = 1;  // of HTTP/1.x
  std::uint32_t proxied = kOff;
  std::shared_ptr<const Disabled> disabled;  // null: nobody
};

struct CodingDraft {
  std::optional<bool> vary;
  std::optional<int> least_minor;
  std::optional<std::uint32_t> proxied;
  std::shared_ptr<Disabled> disabled;
};

// Directives

void AllowProxied(CodingDraft& draft, const Call& call) {
  for (const Word& word : call.args()) {
    const auto* const row =
        std::find_if(std::begin(kProxiedWords), std::end(kProxiedWords),
                     [&](const ProxiedWord& one) { return util::EqualsIgnoreCase(one.word, word.text); });
    if (row == std::end(kProxiedWords)) {
      call.InvalidValue(word,
                        "expected off, expired, no-cache, no-store, private, no_last_modified, no_etag, auth or any");
      continue;
    }
    if ((draft.proxied.value_or(0) & row->bit) != 0) call.Warn(word, "duplicate value \"" + word.text + "\"");
    draft.proxied = draft.proxied.value_or(0) | row->bit;
  }
}

void Disable(CodingDraft& draft, const Call& call) {
  if (draft.disabled == nullptr) draft.disabled = std::make_shared<Disabled>();
  for (const Word& word : call.args()) {
    if (word.text == "msie6") {
      draft.disabled->msie6 = true;
      continue;
    }
    auto regex = site::Regex::Compile(word.text, /*ignore_case=*/true);
    if (!regex) {
      call.Error(word, regex.error().message);
      continue;
    }
    draft.disabled->patterns.push_back(std::move(*regex));
  }
}

constexpr In kPlaces = In::kHttp | In::kServer | In::kLocation;

constexpr config::EnumValue<int> kVersions[] = {{"1.0", 0}, {"1.1", 1}};

constexpr Directive kCodingDirectives[] = {
    {.name = "gzip_vary",
     .contexts = kPlaces,
     .arity = config::Flag,
     .setter = config::SetFlag<&CodingDraft::vary>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Say \"Vary: Accept-Encoding\" where other clients may be given another content coding."},
    {.name = "gzip_http_version",
     .contexts = kPlaces,
     .arity = Args(1),
     .setter = config::SetEnum<&CodingDraft::least_minor, kVersions>,
     .syntax = "1.0 | 1.1",
     .default_value = "1.1",
     .doc = "The least version of HTTP whose requests are answered with gzip."},
    {.name = "gzip_proxied",
     .contexts = kPlaces,
     .arity = config::AtLeast(1),
     .setter = config::Set<&AllowProxied>,
     .syntax = "off | expired | no-cache | no-store | private | no_last_modified | no_etag | auth | any ...",
     .default_value = "off",
     .doc = "Which responses to requests that came through a proxy, as Via says, may be gzip."},
    {.name = "gzip_disable",
     .contexts = kPlaces,
     .arity = config::AtLeast(1),
     .setter = config::Set<&Disable>,
     .syntax = "regex ...",
     .default_value = "",
     .doc = "Clients whose User-Agent matches get no gzip; \"msie6\" means Internet Explorer 4 to 6."},
};

// Merge

CodingSettings MergeCoding(const CodingSettings& outer, const CodingDraft& own, site::MergeContext&) {
  return {.vary = own.vary.value_or(outer.vary),
          .least_minor = own.least_minor.value_or(outer.least_minor),
          .proxied = own.proxied.value_or(outer.proxied),
          .disabled = own.disabled != nullptr ? own.disabled : outer.disabled};
}

// Behaviour

bool CacheControlHas(const http::Fields& fields, std::string_view word) {
  bool found = false;
  for (const http::Field& field : fields) {
    if (field.id != HeaderId::kCacheControl) continue;
    http::ForEachElement(field.value, [&](std::string_view element) {
      found = found || util::EqualsIgnoreCase(util::Trim(element.substr(0, element.find('='))), word);
    });
  }
  return found;
}

// For a request that came through a proxy, in nginx's order.
bool MayBeProxied(Exchange& exchange, std::uint32_t allowed) {
  if ((allowed & kOff) != 0) return false;
  if ((allowed & kAny) != 0) return true;
  if ((allowed & kAuth) != 0 && exchange.request.fields.Has(HeaderId::kAuthorization)) return true;
  const Response& response = exchange.response;
  const http::Fields& fields = response.fields;
  if (const http::Field* const expires = fields.Find(HeaderId::kExpires)) {
    const std::optional<std::time_t> time = http::ParseDate(expires->value);
    return (allowed & kExpired) != 0 && time && *time < exchange.services->wall_ms / 1000;
  }
  if (fields.Has(HeaderId::kCacheControl)) {
    return ((allowed & kNoCache) != 0 && CacheControlHas(fields, "no-cache")) ||
           ((allowed & kNoStore) != 0 && CacheControlHas(fields, "no-store")) ||
           ((allowed & kPrivate) != 0 && CacheControlHas(fields, "private"));
  }
  if ((allowed & kNoLastModified) != 0 && !response.last_modified.empty()) return false;
  return (allowed & kNoEtag) == 0 || response.etag.empty();
}

// Internet Explorer 4 to 6, without the second service pack of Windows XP, as nginx knows it.
bool IsMsie6(std::string_view agent) {
  constexpr std::string_view kName = "MSIE ";
  const std::size_t at = agent.find(kName);
  if (at == std::string_view::npos) return false;
  const std::string_view version = agent.substr(at + kName.size());
  if (version.size() < 3 || version[1] != '.') return false;
  if (version[0] == '6') return version.find("SV1") == std::string_view::npos;
  return version[0] == '4' || version[0] == '5';
}

bool IsDisabled(Exchange& exchange, const Disabled& disabled) {
  const std::string_view agent = exchange.request.fields.Value(HeaderId::kUserAgent);
  if (agent.empty()) return false;
  if (disabled.msie6 && IsMsie6(agent)) return true;
  for (const site::Regex& pattern : disabled.patterns) {
    site::MatchFailure failure;
    switch (pattern.Match(agent, nullptr, failure)) {
      case site::Matched::kNo:
        break;
      case site::Matched::kYes:
        return true;
      case site::Matched::kFailed:
        WriteReport(exchange, log::Level::kAlert, failure.Text());
        return true;  // plain bytes are safe
    }
  }
  return false;
}

// Of an exchange: other clients could be given another coding.
struct Varies {
  bool by_coding = false;
};

void FilterVary(Exchange& exchange) {
  if (exchange.context<Varies>().by_coding) exchange.response.fields.Add(HeaderId::kVary, "Accept-Encoding");
}

bool VaryApplies(const site::SettingsSet& settings) { return settings.Get<CodingSettings>().vary; }

}  // namespace

const site::Module kContentCoding = site::DefineModule<CodingSettings, CodingDraft, MergeCoding>(
    "content_coding", kCodingDirectives, {.filter = FilterVary, .filter_applies = VaryApplies});

std::optional<std::size_t> ReadBuffers(const Call& call) {
  constexpr std::uint64_t kLeast = 4 * 1024;
  const auto number = config::ReadNumber(call, call.args()[0], 1, 1 << 20);
  const auto size = config::ReadSize(call, call.args()[1], 1, 1 << 30);
  if (!number || !size) return std::nullopt;
  return static_cast<std::size_t>(
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(*number) * *size, kLeast, kUsualBuffers));
}

http::AcceptedCodings CodingsTaken(const Exchange& exchange) {
  return exchange.parent() == nullptr ? http::AcceptedCodings(exchange.request.fields) : http::AcceptedCodings();
}

bool MayUseGzip(Exchange& exchange) {
  const CodingSettings& settings = exchange.settings<CodingSettings>();
  const int minor = exchange.request.protocol == "HTTP/1.0" ? 0 : 1;
  if (minor < settings.least_minor) return false;
  if (exchange.request.fields.Has(HeaderId::kVia) && !MayBeProxied(exchange, settings.proxied)) return false;
  return settings.disabled == nullptr || !IsDisabled(exchange, *settings.disabled);
}

bool WantsGzip(Exchange& exchange) {
  return CodingsTaken(exchange).Accepts(http::Coding::kGzip) && MayUseGzip(exchange);
}

bool SaysVary(const Exchange& exchange) { return exchange.settings<CodingSettings>().vary; }

void VariesByCoding(Exchange& exchange) { exchange.context<Varies>().by_coding = true; }

void WeakenValidators(Exchange& exchange) {
  Response& response = exchange.response;
  response.accepts_ranges = false;
  if (response.etag.starts_with('"')) {
    response.etag = exchange.arena.Concat("W/", response.etag);
  } else if (!response.etag.starts_with("W/")) {
    response.etag = {};
  }
}

}  // namespace colmeia::pipeline
