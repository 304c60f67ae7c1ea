#include "modules/charset.h"

#include <optional>
#include <string>
#include <string_view>

#include "config/setters.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "site/media_types.h"
#include "util/strings.h"

namespace colmeia::modules {
namespace {

using config::Call;
using config::Directive;
using config::In;
using pipeline::Exchange;
using site::PlacedText;

const site::MediaTypes& UsualTypes() {
  static const site::MediaTypes kTypes(
      {"text/html", "text/xml", "text/plain", "text/vnd.wap.wml", "application/javascript", "application/rss+xml"});
  return kTypes;
}

struct Settings {
  bool on = false;
  std::string name;         // of the charset
  site::Template variable;  // not empty: `name` is one, read for each response
  bool override_charset = false;
  site::MediaTypes types = UsualTypes();
};

struct Draft {
  std::optional<PlacedText> charset;
  std::optional<bool> override_charset;
  std::optional<site::MediaTypes> types;
};

// Directives

void SetCharset(Draft& draft, const Call& call) {
  if (draft.charset) return call.Duplicate();
  draft.charset = PlacedText{call.arg(0), call.args()[0].span};
}

void AddTypes(Draft& draft, const Call& call) { site::MediaTypes::Add(draft.types, call); }

constexpr In kEverywhere = In::kHttp | In::kServer | In::kLocation;

constexpr Directive kDirectives[] = {
    {.name = "charset",
     .contexts = kEverywhere | In::kLocationIf,
     .arity = config::Args(1),
     .setter = config::Set<&SetCharset>,
     .syntax = "charset | $variable | off",
     .default_value = "off",
     .doc = "The charset that Content-Type names for texts; nothing is converted."},
    {.name = "override_charset",
     .contexts = kEverywhere | In::kLocationIf,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::override_charset>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Look at responses that name a charset already, too: another one needs a conversion, which is reported."},
    {.name = "charset_types",
     .contexts = kEverywhere,
     .arity = config::AtLeast(1),
     .setter = config::Set<&AddTypes>,
     .syntax = "mime-type ...",
     .default_value = "text/html text/xml text/plain text/vnd.wap.wml application/javascript application/rss+xml",
     .doc = "Media types of texts beside text/html, which get a charset; * stands for all."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext& context) {
  Settings out = outer;
  if (own.charset) {
    const bool variable = own.charset->text.starts_with('$');
    out.on = own.charset->text != "off";
    out.name = own.charset->text;
    out.variable = variable ? context.Compile(*own.charset) : site::Template{};
  }
  if (own.override_charset) out.override_charset = *own.override_charset;
  if (own.types) out.types = *own.types;
  return out;
}

// Behaviour

// What "; charset=" says in a media type; empty when it says nothing of that.
std::string_view CharsetOf(std::string_view type) {
  constexpr std::string_view kName = "charset=";
  for (std::size_t at = type.find(';'); at != std::string_view::npos; at = type.find(';', at + 1)) {
    std::string_view parameter = type.substr(at + 1);
    parameter = util::Trim(parameter.substr(0, parameter.find(';')));
    if (!util::StartsWithIgnoreCase(parameter, kName)) continue;
    parameter.remove_prefix(kName.size());
    if (parameter.size() >= 2 && parameter.front() == '"' && parameter.back() == '"') {
      parameter = parameter.substr(1, parameter.size() - 2);
    }
    return parameter;
  }
  return {};
}

std::string_view Wanted(Exchange& exchange, const Settings& settings) {
  return settings.variable.empty() ? std::string_view(settings.name) : pipeline::Evaluate(settings.variable, exchange);
}

void Filter(Exchange& exchange) {
  const Settings& settings = exchange.settings<Settings>();
  pipeline::Response& response = exchange.response;
  std::string_view type = response.content_type;
  if (response.charset_assumed) type = type.substr(0, type.find(';'));
  if (type.empty()) return;
  if (const std::string_view known = CharsetOf(type); !known.empty()) {
    if (!settings.override_charset) return;
    const std::string_view wanted = Wanted(exchange, settings);
    if (wanted.empty() || util::EqualsIgnoreCase(known, wanted)) return;
    pipeline::Report(exchange, log::Level::kError, "no \"charset_map\" between the charsets \"{}\" and \"{}\"", known,
                     wanted);
    return;
  }
  if (!settings.types.Has(type)) return;
  const std::string_view wanted = Wanted(exchange, settings);
  if (!wanted.empty()) response.content_type = exchange.arena.Concat(type, "; charset=", wanted);
}

bool Applies(const site::SettingsSet& settings) { return settings.Get<Settings>().on; }

}  // namespace

// Export

const site::Module kCharset =
    site::DefineModule<Settings, Draft, Merge>("charset", kDirectives, {.filter = Filter, .filter_applies = Applies});

}  // namespace colmeia::modules
