#include "modules/access_log.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "config/default_paths.h"
#include "config/setters.h"
#include "log/access_log.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "pipeline/services.h"
#include "util/arena.h"
#include "util/escape.h"
#include "util/units.h"

namespace colmeia::modules {
namespace {

using config::AtLeast;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using pipeline::Exchange;
using site::MergeContext;
using site::PlacedText;
using site::Template;

struct Format {
  Template line;
  pipeline::Escape escape = nullptr;
};
using FormatPointer = std::shared_ptr<const Format>;
using Formats = std::map<std::string, FormatPointer, std::less<>>;

// One `access_log` directive.
struct Target {
  std::uint32_t log = 0;  // ordinal
  FormatPointer format;
  std::optional<Template> condition;  // "" and "0" mean: not this one
};

struct Settings {
  std::shared_ptr<const Formats> formats;
  bool decided = false;  // some block around said where to, or "off"
  std::vector<Target> targets;
};

struct FormatDraft {
  std::string name;
  config::Span span;
  PlacedText line;
  pipeline::Escape escape = nullptr;
};

struct TargetDraft {
  PlacedText path;
  PlacedText format;  // "combined" when it is not written
  std::optional<PlacedText> condition;
};

struct Draft {
  std::vector<FormatDraft> formats;
  std::vector<TargetDraft> targets;
  bool off = false;
};

// Escapes

// Rare, so kept out of its callers.
template <util::EscapeFor kWhat>
[[gnu::noinline]] std::string_view EscapedCopy(util::Arena& arena, std::string_view text) {
  return arena.Copy(util::Escaped(kWhat, text));
}

// escape=default: nothing that a client sends can look like two fields or two lines.
std::string_view EscapeDefault(util::Arena& arena, std::optional<std::string_view> value) {
  if (!value) return "-";
  if (!util::MayNeedEscape(util::EscapeFor::kField, *value)) return *value;
  return EscapedCopy<util::EscapeFor::kField>(arena, *value);
}

// escape=json: for values between quotes of a JSON text.
std::string_view EscapeJson(util::Arena& arena, std::optional<std::string_view> value) {
  if (!value || !util::MayNeedEscape(util::EscapeFor::kJson, *value)) return value.value_or(std::string_view{});
  return EscapedCopy<util::EscapeFor::kJson>(arena, *value);
}

// escape=none: whatever it is, but one line.
std::string_view EscapeNone(util::Arena& arena, std::optional<std::string_view> value) {
  if (!value || value->find('\n') == std::string_view::npos) return value.value_or(std::string_view{});
  return EscapedCopy<util::EscapeFor::kRaw>(arena, *value);
}

// Directives

constexpr std::string_view kCombined =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" "
    "\"$http_user_agent\"";

void AddFormat(Draft& draft, const Call& call) {
  static constexpr std::string_view kEscape = "escape=";
  const Word& name = call.args()[0];
  const bool taken = name.text == "combined" || std::any_of(draft.formats.begin(), draft.formats.end(),
                                                            [&](const FormatDraft& f) { return f.name == name.text; });
  if (taken) return call.Error(name, fmt::format("duplicate \"log_format\" name {}", config::Quoted(name.text)));
  FormatDraft format{.name = name.text, .span = name.span, .line = {}, .escape = EscapeDefault};
  auto words = call.args().subspan(1);
  if (words[0].text.starts_with(kEscape)) {
    const std::string_view escape = std::string_view(words[0].text).substr(kEscape.size());
    if (escape == "json") {
      format.escape = EscapeJson;
    } else if (escape == "none") {
      format.escape = EscapeNone;
    } else if (escape != "default") {
      return call.InvalidValue(words[0], "expected escape=default, escape=json or escape=none");
    }
    words = words.subspan(1);
    if (words.empty()) return call.WrongArguments();
  }
  for (const Word& word : words) format.line.text += word.text;
  format.line.span = config::Join(words.front().span, words.back().span);
  draft.formats.push_back(std::move(format));
}

void AddLog(Draft& draft, const Call& call) {
  const auto words = call.args();
  const Word& path = words[0];
  if (path.text == "off") {
    if (words.size() > 1) return call.InvalidValue(words[1], "expected nothing behind \"off\"");
    draft.off = true;
    return;
  }
  if (path.text.starts_with("syslog:")) return call.InvalidValue(path, "colmeia writes logs to files only");
  if (path.text.find('$') != std::string::npos) {
    return call.InvalidValue(path, "a log is opened before any request comes, so its name has no variables");
  }
  TargetDraft target;
  target.path = {path.text, path.span};
  target.format = {"combined", {}};
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view text = words[i].text;
    if (text.starts_with("if=")) {
      target.condition = PlacedText{std::string(text.substr(3)), words[i].span};
    } else if (text.starts_with("buffer=")) {
      if (!util::ParseSize(text.substr(7))) return call.InvalidValue(words[i], "expected buffer=SIZE");
    } else if (text.starts_with("flush=")) {
      if (!util::ParseTime(text.substr(6))) return call.InvalidValue(words[i], "expected flush=TIME");
    } else if (text == "gzip" || text.starts_with("gzip=")) {
      return call.InvalidValue(words[i], "colmeia does not compress logs");
    } else if (i == 1) {
      target.format = {words[i].text, words[i].span};
    } else {
      return call.InvalidValue(words[i], "expected buffer=SIZE, flush=TIME or if=CONDITION");
    }
  }
  draft.targets.push_back(std::move(target));
}

constexpr Directive kDirectives[] = {
    {.name = "log_format",
     .contexts = In::kHttp,
     .arity = AtLeast(2),
     .setter = config::Set<&AddFormat>,
     .syntax = "name [escape=default|json|none] string ...",
     .default_value = "combined \"...\"",
     .doc =
         "Give a format of access logs a name; \"combined\" is there already. A value with bytes that are no UTF-8 has "
         "them as \\u00XX with escape=json; a newline in a value is \\x0A even with escape=none."},
    {.name = "access_log",
     .contexts = In::kHttp | In::kServer | In::kLocation,
     .arity = AtLeast(1),
     .setter = config::Set<&AddLog>,
     .syntax = "path [format [buffer=size] [flush=time] [if=condition]] | off",
     .default_value = config::kDefaultAccessLogArguments,
     .doc = "Where a line about each request goes; lines are always collected and written before a worker sleeps."},
};

// Merge

// In the http block all formats that there are become known; the blocks in it only refer to them.
std::shared_ptr<const Formats> MergeFormats(const Settings& outer, const Draft& own, MergeContext& context) {
  if (outer.formats && own.formats.empty()) return outer.formats;
  auto formats = std::make_shared<Formats>();
  formats->emplace(
      "combined", std::make_shared<const Format>(Format{context.Declare({std::string(kCombined), {}}), EscapeDefault}));
  for (const FormatDraft& format : own.formats) {
    formats->emplace(format.name, std::make_shared<const Format>(Format{context.Declare(format.line), format.escape}));
  }
  return formats;
}

Target MakeTarget(const TargetDraft& draft, const Formats& formats, MergeContext& context) {
  Target target;
  const auto format = formats.find(draft.format.text);
  if (format == formats.end()) {
    context.Error(draft.format.span, fmt::format("unknown log format {}", config::Quoted(draft.format.text)));
  } else {
    target.format = format->second;
    context.Use(target.format->line);
  }
  if (draft.condition) target.condition = context.Compile(*draft.condition);
  target.log = context.AddLog(draft.path.text, draft.path.span);
  return target;
}

Settings Merge(const Settings& outer, const Draft& own, MergeContext& context) {
  Settings out = outer;
  out.formats = MergeFormats(outer, own, context);
  if (own.off || !own.targets.empty()) {
    out.decided = true;
    out.targets.clear();
    if (own.off) return out;
    for (const TargetDraft& target : own.targets) out.targets.push_back(MakeTarget(target, *out.formats, context));
    return out;
  }
  // The default is a file to open, so only servers that nobody gave a log get it.
  if (!out.decided && context.block() == In::kServer) {
    out.decided = true;
    out.targets.push_back(MakeTarget({{std::string(config::kDefaultAccessLog), {}}, {"combined", {}}, std::nullopt},
                                     *out.formats, context));
  }
  return out;
}

// Behaviour

bool Wants(const Target& target, Exchange& exchange) {
  if (!target.condition) return true;
  const std::string_view value = pipeline::Evaluate(*target.condition, exchange);
  return !value.empty() && value != "0";
}

void Log(Exchange& exchange) {
  for (const Target& target : exchange.settings<Settings>().targets) {
    if (!Wants(target, exchange)) continue;
    exchange.services->logs[target.log]->Append(
        pipeline::Evaluate(target.format->line, exchange, target.format->escape));
  }
}

bool Applies(const site::SettingsSet& settings) { return !settings.Get<Settings>().targets.empty(); }

}  // namespace

// Export

const site::Module kAccessLog = site::DefineModule<Settings, Draft, Merge>(
    "access_log", kDirectives, {.log = Log, .log_applies = Applies}, site::Inherit::kAlways);

}  // namespace colmeia::modules
