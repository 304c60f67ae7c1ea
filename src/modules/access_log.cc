#include "modules/access_log.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
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
#include "pipeline/exchange.h"
#include "pipeline/services.h"
#include "util/arena.h"
#include "util/units.h"

namespace colmeia::modules {
namespace {

using config::AtLeast;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using pipeline::Exchange;
using pipeline::MergeContext;
using pipeline::PlacedText;
using pipeline::Template;

struct Format {
  Template line;
  Template::Escape escape = nullptr;
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
  Template::Escape escape = nullptr;
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

constexpr char kHexDigits[] = "0123456789ABCDEF";

// Which bytes an escape has to replace, by value.
using ByteSet = std::array<bool, 256>;

constexpr ByteSet MakeByteSet(bool beyond_ascii) {
  ByteSet set{};
  for (std::size_t byte = 0; byte < set.size(); ++byte) {
    set[byte] = byte < 0x20 || byte == '"' || byte == '\\' || (beyond_ascii && byte > 0x7e);
  }
  return set;
}
constexpr ByteSet kUnsafeInLine = MakeByteSet(true);
constexpr ByteSet kUnsafeInJson = MakeByteSet(false);

// False only when no escape replaces any byte of the text. Eight bytes a step, the last step overlapping.
bool MayNeedEscape(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kTops = kOnes * 0x80;
  if (text.size() < sizeof kOnes) {
    return std::any_of(text.begin(), text.end(), [](char c) { return kUnsafeInLine[static_cast<unsigned char>(c)]; });
  }
  // The top bit of a byte is set in one of the terms when it is such a byte; a carry can only come from one.
  const auto terms = [](const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word | (word - kOnes * 0x20) | (word + kOnes) | ((word ^ kOnes * '"') - kOnes) |
           ((word ^ kOnes * '\\') - kOnes);
  };
  const char* const last = text.data() + text.size() - sizeof kOnes;
  std::uint64_t any = terms(last);
  for (const char* at = text.data(); at < last; at += sizeof kOnes) any |= terms(at);
  return (any & kTops) != 0;
}

// The text with what `append` appends in place of each byte of `set`. Rare, so kept out of its callers.
template <class Append>
[[gnu::noinline]] std::string_view Replaced(util::Arena& arena, std::string_view text, const ByteSet& set,
                                            Append append) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (set[byte]) {
      append(out, byte);
    } else {
      out += c;
    }
  }
  return arena.Copy(out);
}

// escape=default: nothing that a client sends can look like two fields or two lines.
std::string_view EscapeDefault(util::Arena& arena, std::optional<std::string_view> value) {
  if (!value) return "-";
  if (!MayNeedEscape(*value)) return *value;
  return Replaced(arena, *value, kUnsafeInLine, [](std::string& out, unsigned char byte) {
    out += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 0xf]};
  });
}

// escape=json: for values between quotes of a JSON text.
std::string_view EscapeJson(util::Arena& arena, std::optional<std::string_view> value) {
  if (!value || !MayNeedEscape(*value)) return value.value_or(std::string_view{});
  return Replaced(arena, *value, kUnsafeInJson, [](std::string& out, unsigned char byte) {
    static constexpr std::string_view kFrom = "\"\\\n\r\t\b\f";
    static constexpr std::string_view kTo = "\"\\nrtbf";
    out += '\\';
    const std::size_t at = kFrom.find(static_cast<char>(byte));
    if (at != std::string_view::npos) {
      out += kTo[at];
    } else {
      out += {'u', '0', '0', kHexDigits[byte >> 4], kHexDigits[byte & 0xf]};
    }
  });
}

std::string_view EscapeNone(util::Arena&, std::optional<std::string_view> value) {
  return value.value_or(std::string_view{});
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
     .doc = "Give a format of access logs a name; \"combined\" is there already."},
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
      "combined", std::make_shared<const Format>(Format{context.Compile({std::string(kCombined), {}}), EscapeDefault}));
  for (const FormatDraft& format : own.formats) {
    formats->emplace(format.name, std::make_shared<const Format>(Format{context.Compile(format.line), format.escape}));
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
  const std::string_view value = target.condition->Evaluate(exchange);
  return !value.empty() && value != "0";
}

void Log(Exchange& exchange) {
  for (const Target& target : exchange.settings<Settings>().targets) {
    if (!Wants(target, exchange)) continue;
    exchange.services->logs[target.log]->Append(target.format->line.Evaluate(exchange, target.format->escape));
  }
}

bool Applies(const pipeline::SettingsSet& settings) { return !settings.Get<Settings>().targets.empty(); }

}  // namespace

// Export

const pipeline::Module kAccessLog = pipeline::DefineModule<Settings, Draft, Merge>(
    "access_log", kDirectives, {.log = Log, .log_applies = Applies}, pipeline::Inherit::kAlways);

}  // namespace colmeia::modules
