#include "modules/headers.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "config/setters.h"
#include "http/date.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "pipeline/services.h"
#include "util/strings.h"
#include "util/units.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using http::HeaderId;
using http::Status;
using pipeline::Exchange;
using pipeline::Response;
using site::MergeContext;
using site::PlacedText;
using site::Template;

// What Expires and Cache-Control are made of.
enum class Expiry {
  kOff,       // neither is sent
  kAccess,    // so many seconds from now
  kModified,  // so many seconds after the file's last change
  kDaily,     // at that second of the day
  kEpoch,     // long ago
  kMax,       // in a distant future
};

struct Expires {
  Expiry expiry = Expiry::kOff;
  std::int64_t seconds = 0;
};

struct AddedField {
  std::string name;
  HeaderId id = HeaderId::kOther;
  Template value;
  bool always = false;  // whatever the status
};

struct Settings {
  std::vector<AddedField> fields;
  Expires expires;
  Template expires_text;  // not empty: `expires` is a variable, read for each response
};

struct FieldDraft {
  std::string name;
  PlacedText value;
  bool always = false;
};

struct Draft {
  std::vector<FieldDraft> fields;
  std::optional<Expires> expires;
  std::optional<PlacedText> expires_text;
};

// Directives

// RFC 9110 section 5.1: a token.
bool IsFieldName(std::string_view name) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return util::IsAlpha(c) || util::IsDigit(c) || kOthers.find(c) != std::string_view::npos;
  });
}

void AddField(Draft& draft, const Call& call) {
  FieldDraft field;
  field.name = call.arg(0);
  field.value = {call.arg(1), call.args()[1].span};
  if (!IsFieldName(field.name)) return call.InvalidValue(call.args()[0], "expected the name of a field");
  const HeaderId id = http::FindHeaderId(field.name);
  if (id == HeaderId::kContentLength || id == HeaderId::kTransferEncoding) {
    return call.InvalidValue(call.args()[0], "it says where the response ends, and only the server knows");
  }
  if (call.args().size() > 2) {
    if (call.arg(2) != "always") return call.InvalidValue(call.args()[2], "expected \"always\"");
    field.always = true;
  }
  draft.fields.push_back(std::move(field));
}

std::optional<Expires> ParseExpires(std::string_view text, bool modified) {
  if (!modified) {
    if (text == "off") return Expires{};
    if (text == "epoch") return Expires{.expiry = Expiry::kEpoch};
    if (text == "max") return Expires{.expiry = Expiry::kMax};
  }
  const bool daily = text.starts_with('@');
  if (daily && modified) return std::nullopt;
  const bool negative = text.starts_with('-');
  if (daily || negative || text.starts_with('+')) text.remove_prefix(1);
  const auto time = util::ParseSeconds(text);
  static constexpr std::int64_t kDay = 24 * 60 * 60;
  static constexpr std::int64_t kMost = std::int64_t{200} * 366 * kDay;  // dates stay within four digits of a year
  if (!time || time->count() > kMost || (daily && time->count() > kDay)) return std::nullopt;
  const Expiry expiry = daily ? Expiry::kDaily : modified ? Expiry::kModified : Expiry::kAccess;
  return Expires{.expiry = expiry, .seconds = negative ? -time->count() : time->count()};
}

void SetExpires(Draft& draft, const Call& call) {
  if (draft.expires || draft.expires_text) return call.Duplicate();
  const bool modified = call.args().size() == 2;
  if (modified && call.arg(0) != "modified") return call.InvalidValue(call.args()[0], "expected \"modified\"");
  const Word& word = call.args().back();
  if (!modified && word.text.find('$') != std::string::npos) {
    draft.expires_text = PlacedText{word.text, word.span};
    return;
  }
  draft.expires = ParseExpires(word.text, modified);
  if (!draft.expires) {
    call.InvalidValue(word, "expected a time such as 1h, -1, @3h30m or \"modified\" 1h, \"epoch\", \"max\" or \"off\"");
  }
}

constexpr In kEverywhere = In::kHttp | In::kServer | In::kLocation;

constexpr Directive kDirectives[] = {
    {.name = "add_header",
     .contexts = kEverywhere | In::kLocationIf,
     .arity = Args(2, 3),
     .setter = config::Set<&AddField>,
     .syntax = "name value [always]",
     .default_value = "",
     .doc = "Add a field to successful responses and redirects, with always to all; a block's own replace the outer "
            "ones."},
    {.name = "expires",
     .contexts = kEverywhere | In::kLocationIf,
     .arity = Args(1, 2),
     .setter = config::Set<&SetExpires>,
     .syntax = "[modified] time | @time | epoch | max | off",
     .default_value = "off",
     .doc = "How long clients may reuse a response: sets Expires and Cache-Control."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, MergeContext& context) {
  Settings out = outer;
  if (!own.fields.empty()) out.fields.clear();
  for (const FieldDraft& field : own.fields) {
    out.fields.push_back({field.name, http::FindHeaderId(field.name), context.Compile(field.value), field.always});
  }
  if (own.expires) {
    out.expires = *own.expires;
    out.expires_text = {};
  }
  if (own.expires_text) out.expires_text = context.Compile(*own.expires_text);
  return out;
}

// Behaviour

// The statuses that nginx adds fields to without being told "always".
bool IsFavourable(Status status) {
  switch (status) {
    case Status::kOk:
    case Status::kCreated:
    case Status::kNoContent:
    case Status::kPartialContent:
    case Status::kMovedPermanently:
    case Status::kFound:
    case Status::kSeeOther:
    case Status::kNotModified:
    case Status::kTemporaryRedirect:
    case Status::kPermanentRedirect:
      return true;
    default:
      return false;
  }
}

std::string_view Date(Exchange& exchange, std::time_t time) {
  char* const text = exchange.arena.Allocate(http::kDateSize);
  return http::FormatDate(time, std::span<char, http::kDateSize>(text, http::kDateSize));
}

// The next moment, today or tomorrow, at that second of the local day.
std::time_t NextTimeOfDay(std::time_t now, std::int64_t second) {
  std::tm parts{};
  localtime_r(&now, &parts);
  parts.tm_hour = static_cast<int>(second / 3600);
  parts.tm_min = static_cast<int>(second / 60 % 60);
  parts.tm_sec = static_cast<int>(second % 60);
  parts.tm_isdst = -1;
  std::tm tomorrow = parts;
  const std::time_t today = std::mktime(&parts);
  if (today > now) return today;
  ++tomorrow.tm_mday;
  return std::mktime(&tomorrow);
}

void SetExpiry(Exchange& exchange, const Expires& expires) {
  Response& response = exchange.response;
  const std::time_t now = exchange.services->wall_ms / 1000;
  std::time_t until = now;
  bool no_cache = expires.seconds < 0;
  switch (expires.expiry) {
    case Expiry::kOff:
      return;
    case Expiry::kEpoch:
      response.fields.Set(HeaderId::kExpires, "Thu, 01 Jan 1970 00:00:01 GMT");
      response.fields.Set(HeaderId::kCacheControl, "no-cache");
      return;
    case Expiry::kMax:
      response.fields.Set(HeaderId::kExpires, "Thu, 31 Dec 2037 23:55:55 GMT");
      response.fields.Set(HeaderId::kCacheControl, "max-age=315360000");
      return;
    case Expiry::kDaily:
      until = NextTimeOfDay(now, expires.seconds);
      break;
    case Expiry::kModified:
      until = response.modified.value_or(now) + expires.seconds;
      break;
    case Expiry::kAccess:
      until = now + expires.seconds;
      break;
  }
  no_cache = no_cache || until < now;
  response.fields.Set(HeaderId::kExpires, Date(exchange, until));
  response.fields.Set(HeaderId::kCacheControl,
                      no_cache ? "no-cache" : exchange.arena.Copy(fmt::format("max-age={}", until - now)));
}

// Some fields are no list entries of the response but facts of it: these are replaced, and removed by an empty value.
void Add(Exchange& exchange, const AddedField& field, std::string_view value) {
  Response& response = exchange.response;
  switch (field.id) {
    case HeaderId::kLastModified:
      response.last_modified = value;
      response.modified.reset();
      return;
    case HeaderId::kEtag:
      response.etag = value;
      return;
    case HeaderId::kContentType:
      // nginx would send two, and leave it to the client which one counts.
      if (!value.empty() && !response.content_type.empty()) response.content_type = value;
      return;
    default:
      if (!value.empty()) response.fields.Add(field.id, field.name, value);
  }
}

void Filter(Exchange& exchange) {
  const Settings& settings = exchange.settings<Settings>();
  const bool favourable = IsFavourable(exchange.response.status);
  if (favourable) {
    if (settings.expires_text.empty()) {
      SetExpiry(exchange, settings.expires);
    } else if (const auto expires = ParseExpires(pipeline::Evaluate(settings.expires_text, exchange), false)) {
      SetExpiry(exchange, *expires);
    }
  }
  for (const AddedField& field : settings.fields) {
    if (favourable || field.always) Add(exchange, field, pipeline::Evaluate(field.value, exchange));
  }
}

bool Applies(const site::SettingsSet& set) {
  const Settings& settings = set.Get<Settings>();
  return !settings.fields.empty() || settings.expires.expiry != Expiry::kOff || !settings.expires_text.empty();
}

}  // namespace

// Export

const site::Module kHeaders =
    site::DefineModule<Settings, Draft, Merge>("headers", kDirectives, {.filter = Filter, .filter_applies = Applies});

}  // namespace colmeia::modules
