// The core directives of nginx's http module and error_log: their rows, and the setters that need code.
#include "site/core_module.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "config/default_paths.h"
#include "config/setters.h"
#include "site/listen_directive.h"
#include "util/strings.h"

namespace colmeia::site {
namespace {

using config::Args;
using config::AtLeast;
using config::Call;
using config::Directive;
using config::Form;
using config::In;
using config::Word;

PlacedText Placed(const Word& word) { return {word.text, word.span}; }

void SetRootOrAlias(CoreDraft& draft, const Call& call, bool alias) {
  if (draft.root) {
    if (draft.root_is_alias == alias) return call.Duplicate();
    return call.Error(fmt::format("\"{}\" directive is duplicate, \"{}\" directive was specified earlier", call.name(),
                                  alias ? "root" : "alias"));
  }
  draft.root = Placed(call.args()[0]);
  draft.root_is_alias = alias;
}

void SetRoot(CoreDraft& draft, const Call& call) { SetRootOrAlias(draft, call, false); }
void SetAlias(CoreDraft& draft, const Call& call) { SetRootOrAlias(draft, call, true); }

void SetTypes(CoreDraft& draft, const Call& call) {
  if (!draft.types) draft.types.emplace();
  for (const config::Node& row : call.children()) {
    if (row.block || row.args().empty()) {
      call.Error(row.name(),
                 "a line of \"types\" is a media type and its file name extensions, as in: text/html html htm;");
      continue;
    }
    const Word* before = &row.name();
    for (const Word& extension : row.args()) {
      // No file name extension holds a slash, every media type does.
      if (extension.text.find('/') != std::string::npos) {
        call.Warn(extension, fmt::format("{} looks like a media type: is a ; missing after line {}?",
                                         config::Quoted(extension.text), call.source().Locate(before->span).line));
      }
      before = &extension;
      if (draft.types->Add(extension.text, row.name().text)) {
        call.Warn(extension, fmt::format("duplicate extension \"{}\", the last one counts", extension.text));
      }
    }
  }
}

void SetInternal(CoreDraft& draft, const Call& call) {
  if (draft.internal) return call.Duplicate();
  draft.internal = true;
}

void SetKeepaliveTimeout(CoreDraft& draft, const Call& call) {
  if (draft.keepalive_timeout) return call.Duplicate();
  draft.keepalive_timeout = config::ReadTime(call, call.args()[0]);
  if (call.args().size() > 1) draft.keepalive_header = config::ReadTime(call, call.args()[1]);
}

void SetLargeBuffers(CoreDraft& draft, const Call& call) {
  if (draft.large_client_header_buffers) return call.Duplicate();
  const auto count = config::ReadNumber(call, call.args()[0], 1, 1024);
  const auto size = config::ReadSize(call, call.args()[1], 64, 16u << 20);
  if (count && size) draft.large_client_header_buffers = BufferSizes{static_cast<std::uint32_t>(*count), *size};
}

// A size, with or without variables: nginx's complex value.
template <std::optional<PlacedText> CoreDraft::*Member>
void SetSizeValue(CoreDraft& draft, const Call& call) {
  if (draft.*Member) return call.Duplicate();
  const Word& word = call.args()[0];
  const bool varies = word.text.find('$') != std::string::npos;
  if (varies || config::ReadSize(call, word, 0, INT64_MAX)) draft.*Member = Placed(word);
}

void AddErrorPage(CoreDraft& draft, const Call& call) {
  ErrorPageDraft page;
  const auto words = call.args();
  std::size_t codes = words.size() - 1;
  page.target = Placed(words.back());
  if (const Word& last = words[codes - 1]; last.text.starts_with('=')) {
    --codes;
    if (codes == 0) return call.Error(last, "error_page needs a status code before \"=\"");
    page.take_status = last.text.size() == 1;
    if (!page.take_status) {
      const auto status = util::ParseNumber<int>(std::string_view(last.text).substr(1));
      // nginx takes any number; 0 says the same as none, and below 200 none is an answer.
      if (!status || (*status != 0 && *status < 200) || *status > 999)
        return call.InvalidValue(last, "expected =CODE, such as =200");
      page.take_status = *status == 0;
      if (!page.take_status) page.overwrite = static_cast<http::Status>(*status);
    }
  }
  for (const Word& word : words.subspan(0, codes)) {
    const auto code = config::ReadNumber(call, word, 300, 599);
    if (!code) return;
    if (*code == 499) return call.InvalidValue(word, "no client is left to be answered after a 499");
    page.statuses.push_back(static_cast<http::Status>(*code));
  }
  draft.error_pages.push_back(std::move(page));
}

void AddErrorLog(CoreDraft& draft, const Call& call) {
  log::Level level = log::Level::kError;
  const std::string& path = call.arg(0);
  if (path.starts_with("syslog:") || path.starts_with("memory:")) {
    return call.InvalidValue(call.args()[0], "expected a file or \"stderr\": colmeia has no syslog and no memory logs");
  }
  if (call.args().size() > 1) {
    const auto parsed = log::ParseLevel(call.arg(1));
    if (!parsed) {
      return call.InvalidValue(call.args()[1], "expected debug, info, notice, warn, error, crit, alert or emerg");
    }
    level = *parsed;
  }
  draft.error_logs.emplace_back(Placed(call.args()[0]), level);
}

void AddServerNames(CoreDraft& draft, const Call& call) {
  for (const Word& word : call.args()) draft.server_names.push_back(Placed(word));
}

constexpr config::EnumValue<ServerTokens> kTokens[] = {
    {"on", ServerTokens::kOn}, {"off", ServerTokens::kOff}, {"build", ServerTokens::kOn}};

constexpr config::EnumValue<http::EtagForm> kEtagForms[] = {{"on", http::EtagForm::kOn},
                                                            {"off", http::EtagForm::kOff},
                                                            {"strict", http::EtagForm::kStrict},
                                                            {"nginx", http::EtagForm::kNginx}};

constexpr In kEverywhere = In::kHttp | In::kServer | In::kLocation;
constexpr In kServers = In::kHttp | In::kServer;
constexpr config::Arity kNone = Args(0);

using D = CoreDraft;
constexpr Directive kDirectives[] = {
    {.name = "http",
     .contexts = In::kMain,
     .arity = kNone,
     .setter = {},
     .syntax = "",
     .default_value = "",
     .doc = "Everything about serving HTTP: servers, and defaults for them.",
     .form = Form::kBlock},
    {.name = "server",
     .contexts = In::kHttp,
     .arity = kNone,
     .setter = {},
     .syntax = "",
     .default_value = "",
     .doc = "One virtual server: the addresses and names that it answers for, and its locations.",
     .form = Form::kBlock},
    {.name = "location",
     .contexts = In::kServer | In::kLocation,
     .arity = Args(1, 2),
     .setter = {},
     .syntax = "[ = | ~ | ~* | ^~ ] uri | @name",
     .default_value = "",
     .doc = "Settings for requests whose path matches: exactly, by prefix, or by regular expression.",
     .form = Form::kBlock,
     .patterns = config::Patterns::kArguments},
    {.name = "listen",
     .contexts = In::kServer,
     .arity = AtLeast(1),
     .setter = config::Set<&AddListen>,
     .syntax =
         "address[:port] | port | unix:path [default_server] [backlog=number] [reuseport] [ipv6only=on|off] [bind] "
         "[deferred] [fastopen=number] [rcvbuf=size] [sndbuf=size] [so_keepalive=on|off|[idle]:[interval]:[count]]",
     .default_value = "*:80 | *:8000",
     .doc = "An address that the server answers on; 8000 is the default without root's rights."},
    {.name = "server_name",
     .contexts = In::kServer,
     .arity = AtLeast(1),
     .setter = config::Set<&AddServerNames>,
     .syntax = "name ...",
     .default_value = "\"\"",
     .doc = "Host names of the server: exact, with a wildcard at one end, or ~ and a regular expression.",
     .patterns = config::Patterns::kArguments},
    {.name = "root",
     .contexts = kEverywhere | In::kLocationIf,
     .arity = Args(1),
     .setter = config::Set<&SetRoot>,
     .syntax = "path",
     .default_value = "html",
     .doc = "The folder that paths of requests are looked up in."},
    {.name = "alias",
     .contexts = In::kLocation,
     .arity = Args(1),
     .setter = config::Set<&SetAlias>,
     .syntax = "path",
     .default_value = "",
     .doc = "What replaces the location's own part of the path when files are looked up."},
    {.name = "types",
     .contexts = kEverywhere,
     .arity = kNone,
     .setter = config::Set<&SetTypes>,
     .syntax = "",
     .default_value = "text/html html; image/gif gif; image/jpeg jpg;",
     .doc = "Media types of files by the extension of their names.",
     .form = Form::kBlock},
    {.name = "default_type",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetString<&D::default_type>,
     .syntax = "mime-type",
     .default_value = "text/plain",
     .doc = "The media type of files whose extension is not in types."},
    {.name = "sendfile",
     .contexts = kEverywhere | In::kLocationIf,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::sendfile>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Let the kernel copy large files from disk to socket by itself."},
    {.name = "sendfile_max_chunk",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetSize<&D::sendfile_max_chunk>,
     .syntax = "size",
     .default_value = "512k",
     .doc = "How much one client gets at a time, so that a fast one cannot keep a worker for itself; 0 is no limit."},
    {.name = "tcp_nopush",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::tcp_nopush>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Send a response's head and the start of its file in full packets."},
    {.name = "tcp_nodelay",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::tcp_nodelay>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Send small responses at once on kept-alive connections."},
    {.name = "log_not_found",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::log_not_found>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Report files that were asked for and are missing in the error log."},
    {.name = "log_subrequest",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::log_subrequest>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Write a line into the access log of the location for each subrequest that was answered there, as "
            "add_before_body makes them: $uri, $args, $status and the sizes are its own, $request the client's."},
    {.name = "etag",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetEnum<&D::etag, kEtagForms>,
     .syntax = "on | off | strict | nginx",
     .default_value = "on",
     .doc = "Send ETag with files, so that caches can ask whether they changed: made of modification time with "
            "nanoseconds and size, with strict also of the change time, with nginx of seconds and size as there."},
    {.name = "internal",
     .contexts = In::kLocation,
     .arity = kNone,
     .setter = config::Set<&SetInternal>,
     .syntax = "",
     .default_value = "",
     .doc = "Only internal redirects and subrequests reach the location; clients get 404."},
    {.name = "keepalive_timeout",
     .contexts = kEverywhere,
     .arity = Args(1, 2),
     .setter = config::Set<&SetKeepaliveTimeout>,
     .syntax = "timeout [header_timeout]",
     .default_value = "75s",
     .doc = "How long an idle client's connection stays open, 0 for not at all, and what Keep-Alive says of it."},
    {.name = "keepalive_time",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetTime<&D::keepalive_time>,
     .syntax = "time",
     .default_value = "1h",
     .doc = "How long one connection may be used in all."},
    {.name = "keepalive_requests",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetNumber<&D::keepalive_requests>,
     .syntax = "number",
     .default_value = "1000",
     .doc = "How many requests one connection may carry."},
    {.name = "send_timeout",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetTime<&D::send_timeout>,
     .syntax = "time",
     .default_value = "60s",
     .doc = "How long a client may take nothing of a response before it is given up."},
    {.name = "limit_rate",
     .contexts = kEverywhere | In::kLocationIf,
     .arity = Args(1),
     .setter = config::Set<&SetSizeValue<&D::limit_rate>>,
     .syntax = "rate",
     .default_value = "0",
     .doc =
         "How many bytes a second one response is sent, counted from its first byte; variables may stand in it, and 0 "
         "is no limit."},
    {.name = "limit_rate_after",
     .contexts = kEverywhere | In::kLocationIf,
     .arity = Args(1),
     .setter = config::Set<&SetSizeValue<&D::limit_rate_after>>,
     .syntax = "size",
     .default_value = "0",
     .doc = "How much of a response is sent before limit_rate holds for the rest."},
    {.name = "client_header_timeout",
     .contexts = kServers,
     .arity = Args(1),
     .setter = config::SetTime<&D::client_header_timeout>,
     .syntax = "time",
     .default_value = "60s",
     .doc = "How long a client may take to send a request's head."},
    {.name = "client_body_timeout",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetTime<&D::client_body_timeout>,
     .syntax = "time",
     .default_value = "60s",
     .doc = "How long a client may pause while it sends a request's body."},
    {.name = "lingering_time",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetTime<&D::lingering_time>,
     .syntax = "time",
     .default_value = "30s",
     .doc = "How long what a refused client still sends is read and thrown away, so that it can read the answer."},
    {.name = "lingering_timeout",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetTime<&D::lingering_timeout>,
     .syntax = "time",
     .default_value = "5s",
     .doc = "How long such a client may be silent before it is let go."},
    {.name = "client_header_buffer_size",
     .contexts = kServers,
     .arity = Args(1),
     .setter = config::SetSize<&D::client_header_buffer_size, 64, 16u << 20>,
     .syntax = "size",
     .default_value = "1k",
     .doc = "Room for a usual request head; a larger one needs large_client_header_buffers."},
    {.name = "large_client_header_buffers",
     .contexts = kServers,
     .arity = Args(2),
     .setter = config::Set<&SetLargeBuffers>,
     .syntax = "number size",
     .default_value = "4 8k",
     .doc = "Limits of a request's head: a line may have size bytes (else 414 or 400), all of it number times size."},
    {.name = "max_headers",
     .contexts = kServers,
     .arity = Args(1),
     .setter = config::SetNumber<&D::max_headers>,
     .syntax = "number",
     .default_value = "1000",
     .doc = "How many fields a request's head may have; one with more gets 400."},
    {.name = "client_max_body_size",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetSize<&D::client_max_body_size>,
     .syntax = "size",
     .default_value = "1m",
     .doc = "The largest request body that is accepted, 0 for any; a larger one gets 413."},
    {.name = "reset_timedout_connection",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::reset_timedout_connection>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Reset connections that timed out instead of closing them, which frees their memory at once."},
    {.name = "ignore_invalid_headers",
     .contexts = kServers,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::ignore_invalid_headers>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Leave out request fields with odd names instead of refusing the request."},
    {.name = "underscores_in_headers",
     .contexts = kServers,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::underscores_in_headers>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Take an underscore as a usual character in names of request fields."},
    {.name = "server_tokens",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetEnum<&D::server_tokens, kTokens>,
     .syntax = "on | off | build",
     .default_value = "on",
     .doc = "Say colmeia's version in the Server field and on error pages."},
    {.name = "absolute_redirect",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::absolute_redirect>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Redirect with whole URLs rather than with paths."},
    {.name = "port_in_redirect",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::port_in_redirect>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Name the port in such URLs when it is not 80."},
    {.name = "server_name_in_redirect",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::server_name_in_redirect>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Redirect to the first server_name rather than to the host that the client asked for."},
    {.name = "error_page",
     .contexts = kEverywhere | In::kLocationIf,
     .arity = AtLeast(2),
     .setter = config::Set<&AddErrorPage>,
     .syntax = "code ... [=[response]] uri",
     .default_value = "",
     .doc = "What answers in place of an error: a page, a named location, or a redirect to a URL."},
    {.name = "error_log",
     .contexts = In::kMain | kEverywhere,
     .arity = Args(1, 2),
     .setter = config::Set<&AddErrorLog>,
     .syntax = "file | stderr [level]",
     .default_value = config::kDefaultErrorLogArguments,
     .doc = "Where messages of at least the level go; several directives of one block all count."},
};

}  // namespace

std::span<const config::Directive> CoreDirectives() { return kDirectives; }

}  // namespace colmeia::site
