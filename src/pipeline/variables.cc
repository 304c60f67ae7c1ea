#include "pipeline/variables.h"

#include <algorithm>

#include <fmt/format.h>

#include "http/uri.h"
#include "pipeline/exchange.h"
#include "pipeline/pace.h"
#include "pipeline/path.h"
#include "pipeline/services.h"
#include "site/core_settings.h"
#include "site/site.h"
#include "util/strings.h"

namespace colmeia::pipeline {
namespace {

using Value = std::optional<std::string_view>;

template <class Number>
std::string_view Decimal(Exchange& ex, Number number) {
  const fmt::format_int text(number);
  return ex.arena.Copy({text.data(), text.size()});
}

// "1.234" of milliseconds, as nginx writes times.
std::string_view Seconds(Exchange& ex, std::int64_t milliseconds) {
  char text[32];
  const auto end = fmt::format_to(text, "{}.{:03}", milliseconds / 1000, milliseconds % 1000);
  return ex.arena.Copy({text, static_cast<std::size_t>(end - text)});
}

Value Empty(std::string_view text) { return text.empty() ? Value{} : Value{text}; }

// "user_agent" matches the field User-Agent.
bool IsFieldNamed(std::string_view field, std::string_view variable) {
  if (field.size() != variable.size()) return false;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const char c = field[i] == '-' ? '_' : util::ToLower(field[i]);
    if (c != util::ToLower(variable[i])) return false;
  }
  return true;
}

// All fields that are wanted joined with a separator, as nginx joins them. Two passes, since a client may send one name
// a thousand times.
template <class IsWanted>
Value JoinedFields(Exchange& ex, const http::Fields& fields, std::string_view separator, IsWanted is_wanted) {
  Value first;
  std::size_t size = 0;
  std::size_t count = 0;
  for (const http::Field& field : fields) {
    if (!is_wanted(field)) continue;
    if (count++ == 0) first = field.value;
    size += field.value.size() + separator.size();
  }
  if (count < 2) return first;
  char* const out = ex.arena.Allocate(size);
  char* at = out;
  for (const http::Field& field : fields) {
    if (!is_wanted(field)) continue;
    at = std::copy(field.value.begin(), field.value.end(), at);
    at = std::copy(separator.begin(), separator.end(), at);
  }
  return std::string_view(out, size - separator.size());
}

Value JoinedField(Exchange& ex, const http::Fields& fields, std::string_view name, std::string_view separator) {
  return JoinedFields(ex, fields, separator,
                      [name](const http::Field& field) { return IsFieldNamed(field.name, name); });
}

// The same for the names that every access log has: most requests lack them, or have them once.
template <http::HeaderId id>
Value Known(Exchange& ex, std::string_view) {
  const http::Fields& fields = ex.request.fields;
  if (!fields.Has(id)) return std::nullopt;
  return JoinedFields(ex, fields, ", ", [](const http::Field& field) { return field.id == id; });
}

Value Http(Exchange& ex, std::string_view suffix) {
  return JoinedField(ex, ex.request.fields, suffix, util::EqualsIgnoreCase(suffix, "cookie") ? "; " : ", ");
}

Value SentHttp(Exchange& ex, std::string_view suffix) {
  const Response& response = ex.response;
  if (suffix == "content_type") return Empty(response.content_type);
  const std::optional<std::uint64_t> length = response.body.KnownLength();
  if (suffix == "content_length") return length ? Value{Decimal(ex, *length)} : Value{};
  if (suffix == "transfer_encoding") return !length && ex.request.protocol != "HTTP/1.0" ? Value{"chunked"} : Value{};
  if (suffix == "last_modified") return Empty(response.last_modified);
  if (suffix == "etag") return Empty(response.etag);
  if (suffix == "accept_ranges" && ex.response.accepts_ranges && ex.response.status == http::Status::kOk)
    return "bytes";
  if (suffix == "connection") return response.close ? "close" : "keep-alive";
  return JoinedField(ex, response.fields, suffix, ", ");
}

Value Argument(Exchange& ex, std::string_view suffix) { return FindArgument(ex.request.args, suffix); }

Value Cookie(Exchange& ex, std::string_view suffix) {
  for (const http::Field& field : ex.request.fields) {
    if (!util::EqualsIgnoreCase(field.name, "cookie")) continue;
    for (std::string_view pair : util::Split(field.value, ';')) {
      pair = util::Trim(pair);
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && util::EqualsIgnoreCase(pair.substr(0, equals), suffix)) {
        return pair.substr(equals + 1);
      }
    }
  }
  return std::nullopt;
}

Value Host(Exchange& ex, std::string_view) {
  return ex.request.host.empty() ? std::string_view(ex.server->name) : ex.request.host;
}

// user of `Authorization: Basic`, whether or not anybody checked the password.
Value RemoteUser(Exchange& ex, std::string_view) {
  static constexpr std::string_view kScheme = "Basic ";
  const http::Field* const field = ex.request.fields.Find(http::HeaderId::kAuthorization);
  if (field == nullptr || !util::StartsWithIgnoreCase(field->value, kScheme)) return std::nullopt;
  std::string decoded;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : util::Trim(field->value.substr(kScheme.size()))) {
    static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) break;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      decoded += static_cast<char>(bits >> count & 0xff);
    }
  }
  const std::size_t colon = decoded.find(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  return ex.arena.Copy(std::string_view(decoded).substr(0, colon));
}

// A line that is no request has none.
Value Protocol(Exchange& ex, std::string_view) {
  if (!ex.request.protocol.empty()) return ex.request.protocol;
  const std::string_view line = ex.request.line;
  const std::string_view word = line.substr(std::min(line.rfind(' ') + 1, line.size()));
  if (!line.empty() && !word.starts_with("HTTP/1.")) return std::nullopt;
  return "HTTP/1.1";
}

Value BinaryRemoteAddress(Exchange& ex, std::string_view) { return ex.arena.Copy(ex.connection->peer->HostBytes()); }

std::int64_t ElapsedMs(Exchange& ex) {
  return std::chrono::duration_cast<util::Milliseconds>(ex.services->now - ex.started).count();
}

std::string_view PortOf(Exchange& ex, const sys::Address& address) {
  return address.family() == AF_UNIX ? std::string_view{} : Decimal(ex, address.port());
}

constexpr site::Variable kRows[] = {
    {"arg_", true, Argument, "The argument of that name in the request's query string, as in $arg_page."},
    {"cookie_", true, Cookie, "The cookie of that name, as in $cookie_session."},
    {"http_", true, Http,
     "The request field of that name, in lower case and with underscores for dashes, as in $http_accept_language."},
    {"http_host", false, Known<http::HeaderId::kHost>, "The Host field as the client sent it."},
    {"http_referer", false, Known<http::HeaderId::kReferer>, "The Referer field: the page that the client comes from."},
    {"http_user_agent", false, Known<http::HeaderId::kUserAgent>, "The User-Agent field: the client's program."},
    {"http_x_forwarded_for", false, Known<http::HeaderId::kXForwardedFor>,
     "The X-Forwarded-For fields: the addresses that proxies passed on."},
    {"sent_http_", true, SentHttp, "The response field of that name, as in $sent_http_content_type."},
    {"args", false, [](Exchange& ex, std::string_view) -> Value { return Empty(ex.request.args); },
     "The query string, without its question mark.", true},
    {"query_string", false, [](Exchange& ex, std::string_view) -> Value { return Empty(ex.request.args); },
     "The same as $args."},
    {"is_args", false, [](Exchange& ex, std::string_view) -> Value { return ex.request.args.empty() ? "" : "?"; },
     "A question mark when the request has arguments, else nothing."},
    {"uri", false, [](Exchange& ex, std::string_view) -> Value { return Empty(ex.request.path); },
     "The path of the request: decoded, without arguments, and changed by internal redirects."},
    {"document_uri", false, [](Exchange& ex, std::string_view) -> Value { return Empty(ex.request.path); },
     "The same as $uri."},
    {"document_root", false, [](Exchange& ex, std::string_view) -> Value { return DocumentRoot(ex); },
     "The root or alias that holds for the request."},
    {"request_filename", false, [](Exchange& ex, std::string_view) -> Value { return MapPath(ex); },
     "The path of the file that the request's path names."},
    {"host", false, Host,
     "The host that the request names, in lower case and without its port, or else the server's name."},
    {"hostname", false, [](Exchange& ex, std::string_view) -> Value { return ex.services->hostname; },
     "The name of this machine."},
    {"scheme", false, [](Exchange& ex, std::string_view) -> Value { return ex.connection->scheme; },
     "Always http: TLS ends at the proxy in front."},
    {"https", false, [](Exchange&, std::string_view) -> Value { return ""; }, "Always empty, as it is without TLS."},
    {"server_name", false, [](Exchange& ex, std::string_view) -> Value { return ex.server->name; },
     "The first name of the server that answers."},
    {"server_port", false, [](Exchange& ex, std::string_view) -> Value { return PortOf(ex, *ex.connection->local); },
     "The port that the client reached."},
    {"server_addr", false,
     [](Exchange& ex, std::string_view) -> Value { return ex.arena.Copy(ex.connection->local->HostText()); },
     "The address that the client reached."},
    {"server_protocol", false, Protocol, "The version of the request: HTTP/1.0 or HTTP/1.1."},
    {"remote_addr", false,
     [](Exchange& ex, std::string_view) -> Value { return ex.arena.Copy(ex.connection->peer->HostText()); },
     "The address of the client."},
    {"remote_port", false, [](Exchange& ex, std::string_view) -> Value { return PortOf(ex, *ex.connection->peer); },
     "The port of the client."},
    {"remote_user", false, RemoteUser,
     "The user that Basic authentication names, whether or not the password was checked."},
    {"binary_remote_addr", false, BinaryRemoteAddress, "The address of the client in 4 or 16 bytes."},
    {"request", false, [](Exchange& ex, std::string_view) -> Value { return Empty(ex.request.line); },
     "The request line as the client sent it."},
    {"request_method", false,
     [](Exchange& ex, std::string_view) -> Value { return Empty(ex.main().request.method_text); },
     "The method: GET, HEAD, POST, ..."},
    {"request_uri", false, [](Exchange& ex, std::string_view) -> Value { return Empty(ex.request.target); },
     "The target of the request as the client sent it, with its arguments."},
    {"request_length", false, [](Exchange& ex, std::string_view) -> Value { return Decimal(ex, ex.request.length); },
     "The size of the request in bytes: line, fields and body."},
    {"request_time", false, [](Exchange& ex, std::string_view) -> Value { return Seconds(ex, ElapsedMs(ex)); },
     "How long the request has taken, in seconds with milliseconds."},
    {"request_completion", false,
     [](Exchange& ex, std::string_view) -> Value { return ex.main().response.complete ? "OK" : ""; },
     "OK when the response was sent whole, else nothing."},
    {"content_length", false,
     [](Exchange& ex, std::string_view) -> Value {
       const Exchange& main = ex.main();
       if (main.request.content_length) return Decimal(ex, *main.request.content_length);
       const bool is_known = main.body.state() == RequestBody::State::kCollected;
       return is_known ? Value{Decimal(ex, main.body.received())} : Value{};
     },
     "The Content-Length field of the request; of a chunked body its length, once it is collected."},
    {"content_type", false,
     [](Exchange& ex, std::string_view) -> Value { return JoinedField(ex, ex.request.fields, "content_type", ", "); },
     "The Content-Type field of the request."},
    {"status", false,
     [](Exchange& ex,
        std::string_view) -> Value { return Decimal(ex, http::Code(http::WireStatus(ex.response.status))); },
     "The status of the response, as it was sent."},
    {"bytes_sent", false, [](Exchange& ex, std::string_view) -> Value { return Decimal(ex, ex.response.bytes_sent); },
     "How many bytes the client was sent."},
    {"body_bytes_sent", false,
     [](Exchange& ex, std::string_view) -> Value { return Decimal(ex, ex.response.body_bytes_sent); },
     "The same without the head of the response."},
    {"limit_rate", false, [](Exchange& ex, std::string_view) -> Value { return Decimal(ex, LimitRate(ex)); },
     "The rate that holds for the response, in bytes a second, by limit_rate; 0 is no limit.", true},
    {"connection", false, [](Exchange& ex, std::string_view) -> Value { return Decimal(ex, ex.connection->number); },
     "The number of the connection."},
    {"connection_requests", false,
     [](Exchange& ex, std::string_view) -> Value { return Decimal(ex, ex.connection->requests); },
     "How many requests came on this connection so far, this one included."},
    {"msec", false, [](Exchange& ex, std::string_view) -> Value { return Seconds(ex, ex.services->wall_ms); },
     "The time in seconds since 1970, with milliseconds."},
    {"time_local", false,
     [](Exchange& ex,
        std::string_view) -> Value { return ex.arena.Copy(ex.services->times.Local(ex.services->wall_ms / 1000)); },
     "The time as access logs write it: 23/Nov/2026:11:34:00 +0000."},
    {"time_iso8601", false,
     [](Exchange& ex,
        std::string_view) -> Value { return ex.arena.Copy(ex.services->times.Iso8601(ex.services->wall_ms / 1000)); },
     "The time as in 2026-11-23T11:34:00+00:00."},
    {"pid", false, [](Exchange& ex, std::string_view) -> Value { return Decimal(ex, ex.services->pid); },
     "The process id of the worker."},
};

struct Settings {};
struct Draft {};
Settings Merge(const Settings&, const Draft&, site::MergeContext&) { return {}; }

}  // namespace

const site::Module kVariables = site::DefineModule<Settings, Draft, Merge>("variables", {}, {.variables = kRows});

std::optional<std::string_view> FindArgument(std::string_view args, std::string_view name) {
  while (!args.empty()) {
    const std::size_t end = args.find('&');
    const std::string_view pair = args.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && util::EqualsIgnoreCase(pair.substr(0, equals), name)) {
      return pair.substr(equals + 1);
    }
    if (end == std::string_view::npos) break;
    args.remove_prefix(end + 1);
  }
  return std::nullopt;
}

std::string VariablesReference(std::span<const site::Variable> variables) {
  std::string out =
      "\n## Variables\n\n"
      "They may stand in the texts of add_header, alias, error_page, expires, index, log_format, return, root, "
      "try_files and others, as $name or ${name}; upper case is the same as lower case.\n\n";
  for (const site::Variable& variable : variables) {
    out += fmt::format("### ${}{}\n\n{}\n\n", variable.name, variable.prefix ? "NAME" : "", variable.doc);
  }
  out +=
      "### $1 to $9\n\nThe groups of the regular expression that matched last.\n\n"
      "### $NAME\n\nThe group of that name in a regular expression of location or server_name, as in (?<NAME>...). No "
      "name of "
      "a variable above but args and limit_rate can be taken.\n";
  return out;
}

}  // namespace colmeia::pipeline
