#include "modules/autoindex.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/setters.h"
#include "files/directory.h"
#include "http/date.h"
#include "http/escape.h"
#include "loop/work.h"
#include "pipeline/awaiting.h"
#include "pipeline/exchange.h"
#include "pipeline/open_file.h"
#include "pipeline/path.h"
#include "pipeline/report.h"
#include "pipeline/services.h"
#include "pipeline/variables.h"
#include "util/escape.h"
#include "util/strings.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Directive;
using config::In;
using files::DirectoryEntry;
using files::Kind;
using pipeline::Exchange;
using pipeline::Outcome;
using site::Phase;

enum class Format { kHtml, kXml, kJson, kJsonp };

struct Settings {
  bool on = false;
  bool exact_size = true;
  bool local_time = false;
  Format format = Format::kHtml;
};

struct Draft {
  std::optional<bool> on;
  std::optional<bool> exact_size;
  std::optional<bool> local_time;
  std::optional<Format> format;
};

// Directives

constexpr In kEverywhere = In::kHttp | In::kServer | In::kLocation;

constexpr config::EnumValue<Format> kFormats[] = {
    {"html", Format::kHtml}, {"xml", Format::kXml}, {"json", Format::kJson}, {"jsonp", Format::kJsonp}};

constexpr Directive kDirectives[] = {
    {.name = "autoindex",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::on>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "List folders that have no index file."},
    {.name = "autoindex_exact_size",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::exact_size>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Show sizes in bytes; off rounds them to kilobytes, megabytes and gigabytes. For html only."},
    {.name = "autoindex_localtime",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::local_time>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Show times of the server's time zone rather than UTC. For html only."},
    {.name = "autoindex_format",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetEnum<&Draft::format, kFormats>,
     .syntax = "html | xml | json | jsonp",
     .default_value = "html",
     .doc = "How listings are written: for people, or for programs; jsonp calls the function that the argument "
            "callback names."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext&) {
  return {.on = own.on.value_or(outer.on),
          .exact_size = own.exact_size.value_or(outer.exact_size),
          .local_time = own.local_time.value_or(outer.local_time),
          .format = own.format.value_or(outer.format)};
}

// Behaviour

std::tm TimeParts(std::time_t time, bool local) {
  std::tm parts{};
  if (local) {
    localtime_r(&time, &parts);
  } else {
    gmtime_r(&time, &parts);
  }
  return parts;
}

// Characters, not bytes, of UTF-8; what is not UTF-8 counts by the byte or less, which only bends a column.
bool StartsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

// The first `count` characters.
std::string_view FirstCharacters(std::string_view text, std::size_t count) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (StartsCharacter(text[i]) && count-- == 0) return text.substr(0, i);
  }
  return text;
}

void AppendSize(std::string& out, const DirectoryEntry& entry, bool exact) {
  if (entry.kind == Kind::kDirectory) {
    fmt::format_to(std::back_inserter(out), "{:>{}}", "-", exact ? 19 : 7);
    return;
  }
  if (exact) {
    fmt::format_to(std::back_inserter(out), "{:>19}", entry.size);
    return;
  }
  struct Unit {
    unsigned shift;
    char name;
    std::uint64_t from;
  };
  static constexpr Unit kUnits[] = {{30, 'G', 1u << 30}, {20, 'M', 1u << 20}, {10, 'K', 10000}};
  for (const Unit& unit : kUnits) {
    if (entry.size < unit.from) continue;
    const std::uint64_t half = std::uint64_t{1} << (unit.shift - 1);
    fmt::format_to(std::back_inserter(out), "{:>6}{}", (entry.size + half) >> unit.shift, unit.name);
    return;
  }
  fmt::format_to(std::back_inserter(out), "{:>7}", entry.size);
}

// nginx's page, to the byte: there are programs that read it.
std::string HtmlPage(std::string_view path, const std::vector<DirectoryEntry>& entries, const Settings& settings) {
  static constexpr std::size_t kNameWidth = 50;
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string title = http::EscapeHtml(path);
  std::string out = fmt::format(
      "<html>\r\n<head><title>Index of {0}</title></head>\r\n<body>\r\n<h1>Index of {0}</h1><hr><pre>"
      "<a href=\"../\">../</a>\r\n",
      title);
  for (const DirectoryEntry& entry : entries) {
    const bool folder = entry.kind == Kind::kDirectory;
    out += "<a href=\"";
    http::AppendEscapedComponent(entry.name, out);
    out += folder ? "/\">" : "\">";
    auto width = static_cast<std::size_t>(std::count_if(entry.name.begin(), entry.name.end(), StartsCharacter));
    if (width > kNameWidth) {
      http::AppendEscapedHtml(FirstCharacters(entry.name, kNameWidth - 3), out);
      out += "..&gt;</a>";
      width = kNameWidth;
    } else {
      http::AppendEscapedHtml(entry.name, out);
      if (folder && width < kNameWidth) {
        out += '/';
        ++width;
      }
      out += "</a>";
    }
    out.append(kNameWidth - width, ' ');
    const std::tm time = TimeParts(entry.modified, settings.local_time);
    fmt::format_to(std::back_inserter(out), " {:02}-{}-{} {:02}:{:02} ", time.tm_mday,
                   kMonths[static_cast<std::size_t>(time.tm_mon)], time.tm_year + 1900, time.tm_hour, time.tm_min);
    AppendSize(out, entry, settings.exact_size);
    out += "\r\n";
  }
  return out + "</pre><hr></body>\r\n</html>\r\n";
}

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kRegular:
      return "file";
    case Kind::kDirectory:
      return "directory";
    case Kind::kOther:
      return "other";
  }
  return "other";
}

std::string XmlPage(const std::vector<DirectoryEntry>& entries) {
  std::string out = "<?xml version=\"1.0\"?>\r\n<list>\r\n";
  for (const DirectoryEntry& entry : entries) {
    const std::string_view kind = KindName(entry.kind);
    const std::tm time = TimeParts(entry.modified, false);
    fmt::format_to(std::back_inserter(out), "<{} mtime=\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z\"", kind,
                   time.tm_year + 1900, time.tm_mon + 1, time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
    if (entry.kind == Kind::kRegular) fmt::format_to(std::back_inserter(out), " size=\"{}\"", entry.size);
    out += '>';
    http::AppendEscapedHtml(entry.name, out);
    fmt::format_to(std::back_inserter(out), "</{}>\r\n", kind);
  }
  return out + "</list>\r\n";
}

std::string JsonPage(const std::vector<DirectoryEntry>& entries) {
  std::string out = "[";
  for (const DirectoryEntry& entry : entries) {
    out += &entry != &entries.front() ? ",\r\n" : "\r\n";
    out += "{ \"name\":\"";
    util::AppendEscaped(util::EscapeFor::kJson, entry.name, out);
    std::array<char, http::kDateSize> date{};
    fmt::format_to(std::back_inserter(out), "\", \"type\":\"{}\", \"mtime\":\"{}\"", KindName(entry.kind),
                   http::FormatDate(entry.modified, date));
    if (entry.kind == Kind::kRegular) fmt::format_to(std::back_inserter(out), ", \"size\":{}", entry.size);
    out += " }";
  }
  return out + "\r\n]";
}

struct Page {
  std::string text;
  std::string_view type;
  bool charset_assumed = false;
};

// `callback` calls for jsonp. Names are UTF-8 nearly everywhere, which browsers must be told; nginx leaves it at that
// only with the directive charset.
Page MakePage(std::string_view path, const std::vector<DirectoryEntry>& entries, const Settings& settings,
              std::string_view callback) {
  switch (settings.format) {
    case Format::kXml:
      return {XmlPage(entries), "text/xml; charset=utf-8"};
    case Format::kJsonp:
      if (!callback.empty()) {
        return {fmt::format("/* callback */\r\n{}({});", callback, JsonPage(entries)),
                "application/javascript; charset=utf-8", true};
      }
      [[fallthrough]];
    case Format::kJson:
      return {JsonPage(entries), "application/json"};
    case Format::kHtml:
      break;
  }
  return {HtmlPage(path, entries, settings), "text/html; charset=utf-8", true};
}

// A client's text in a script: nothing but names, and no long one.
bool IsCallback(std::string_view name) {
  return name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
           return util::IsAlpha(c) || util::IsDigit(c) || c == '_' || c == '.';
         });
}

// A listing in the making. It owns all that it touches, since it may outlive the exchange, on another thread.
struct Job {
  std::string folder;    // its file name
  std::string path;      // of the request
  std::string callback;  // for jsonp
  Settings settings;

  int error = 0;  // errno, or else there is a page
  Page page{};

  void Run() {
    files::Listing listing = files::ListDirectory(folder);
    error = listing.error;
    if (error != 0) return;
    std::sort(listing.entries.begin(), listing.entries.end(), [](const DirectoryEntry& a, const DirectoryEntry& b) {
      const bool a_is_folder = a.kind == Kind::kDirectory;
      const bool b_is_folder = b.kind == Kind::kDirectory;
      return a_is_folder != b_is_folder ? a_is_folder : a.name < b.name;
    });
    page = MakePage(path, listing.entries, settings, callback);
  }
};

Outcome Answer(Exchange& exchange, const std::shared_ptr<const Job>& job) {
  if (job->error != 0) return pipeline::RefuseFile(exchange, job->folder, job->error, "opendir()");
  exchange.response.status = http::Status::kOk;
  exchange.response.content_type = job->page.type;
  exchange.response.charset_assumed = job->page.charset_assumed;
  exchange.response.body.Add(pipeline::Piece::Memory(job->page.text));
  exchange.response.body.Own(job);
  return Outcome::Done();
}

// A folder of many names, or one that is far away, takes longer than the loop may stand still.
class Reading final : public pipeline::Awaiting {
 public:
  Reading(loop::Loop& loop, std::shared_ptr<Job> job)
      : job_(std::move(job)),
        work_(
            loop, [own = job_] { own->Run(); }, [this] { Ready(); }) {}

  Outcome Resume(Exchange& exchange) override { return Answer(exchange, job_); }

 private:
  std::shared_ptr<Job> job_;
  loop::Work work_;
};

Outcome Handle(Exchange& exchange) {
  if (!exchange.request.path.ends_with('/') || !http::IsGetOrHead(exchange.request.method)) return Outcome::Pass();
  std::string_view callback;
  if (exchange.settings<Settings>().format == Format::kJsonp) {
    callback = pipeline::FindArgument(exchange.request.args, "callback").value_or("");
  }
  if (!IsCallback(callback)) {
    pipeline::Report(exchange, log::Level::kInfo, "client sent invalid callback name: \"{}\"", callback);
    return Outcome::Respond(http::Status::kBadRequest);
  }
  const pipeline::FileName folder = pipeline::MapPath(exchange);
  if (!folder) return pipeline::RefusePath(exchange);
  auto job = std::make_shared<Job>(Job{std::string(*folder), std::string(exchange.request.path), std::string(callback),
                                       exchange.settings<Settings>()});
  return exchange.Await<Reading>(*exchange.services->loop, std::move(job));
}

bool Applies(const site::SettingsSet& settings) { return settings.Get<Settings>().on; }

constexpr site::PhaseHook kPhases[] = {{Phase::kContent, Handle, Applies}};

}  // namespace

// Export

const site::Module kAutoindex =
    site::DefineModule<Settings, Draft, Merge>("autoindex", kDirectives, {.phases = kPhases});

}  // namespace colmeia::modules
