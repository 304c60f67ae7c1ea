#include "pipeline/error_response.h"

#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "http/escape.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "site/core_settings.h"
#include "site/site.h"

namespace colmeia::pipeline {
namespace {

using http::Status;

// After these the state of the connection is in doubt, or the client should not go on with it.
bool EndsConnection(Status status) {
  switch (status) {
    case Status::kBadRequest:
    case Status::kRequestTimeout:
    case Status::kContentTooLarge:
    case Status::kUriTooLong:
    case Status::kRequestHeaderTooLarge:
    case Status::kInternalServerError:
    case Status::kNotImplemented:
    case Status::kHttpVersionNotSupported:
      return true;
    default:
      return false;
  }
}

// "404 Not Found", with the code that goes over the wire.
std::string StatusTitle(Status status) {
  const Status wire = http::WireStatus(status);
  const std::string_view reason =
      status == Status::kRequestHeaderTooLarge ? "Request Header Or Cookie Too Large" : http::ReasonPhrase(wire);
  // nginx has two phrases for 302: this is that of its pages.
  return fmt::format("{} {}", http::Code(wire), wire == Status::kFound ? std::string_view("Found") : reason);
}

std::string MakePage(Status status, bool with_version) {
  return fmt::format(
      "<!DOCTYPE html>\r\n<html lang=\"en\">\r\n<head><title>{0}</title></head>\r\n<body>\r\n"
      "<h1 style=\"text-align: center\">{0}</h1>\r\n<hr>\r\n<p style=\"text-align: center\">colmeia{1}</p>\r\n"
      "</body>\r\n</html>\r\n",
      StatusTitle(status), with_version ? "/" COLMEIA_VERSION : "");
}

// A page is the same for everybody: made when it is first needed, and kept. There are as many as statuses, twice.
std::string_view BuiltInPage(Exchange& exchange, Status status) {
  static std::map<std::pair<Status, bool>, std::string> pages;
  const bool with_version = exchange.settings<site::CoreSettings>().server_tokens == site::ServerTokens::kOn;
  std::string& page = pages[{status, with_version}];
  if (page.empty()) page = MakePage(status, with_version);
  return page;
}

bool IsRedirect(Status status) {
  switch (status) {
    case Status::kMovedPermanently:
    case Status::kFound:
    case Status::kSeeOther:
    case Status::kTemporaryRedirect:
    case Status::kPermanentRedirect:
      return true;
    default:
      return false;
  }
}

const site::ErrorPage* FindErrorPage(const site::CoreSettings& core, Status status) {
  for (const site::ErrorPage& page : core.error_pages) {
    if (page.status == status) return &page;
  }
  return nullptr;
}

// `location` as the client is told it.
std::string_view AbsoluteUrl(Exchange& exchange, std::string_view location) {
  const site::CoreSettings& core = exchange.settings<site::CoreSettings>();
  if (!location.starts_with('/') || !core.absolute_redirect) return location;
  const sys::Address& local = *exchange.connection->local;
  std::string_view host = exchange.request.host;
  if (core.server_name_in_redirect && !exchange.server->name.empty()) host = exchange.server->name;
  std::string address;
  if (host.empty()) {
    address = local.family() == AF_INET6 ? fmt::format("[{}]", local.HostText()) : local.HostText();
    host = address;
  }
  const std::string_view scheme = exchange.connection->scheme;
  const bool is_default = local.family() == AF_UNIX || local.port() == (scheme == "https" ? 443 : 80);
  const std::string port = core.port_in_redirect && !is_default ? fmt::format(":{}", local.port()) : std::string();
  return exchange.arena.Concat(scheme, "://", host, port, location);
}

}  // namespace

ErrorPageVerdict ApplyErrorPage(Exchange& exchange, Status status) {
  const site::ErrorPage* const page = FindErrorPage(exchange.settings<site::CoreSettings>(), status);
  if (page == nullptr) return ErrorPageVerdict::kNone;

  const std::string_view target = Evaluate(page->target, exchange);
  exchange.response.close = exchange.response.close || EndsConnection(status);
  if (target.starts_with('/') || target.starts_with('@')) {
    exchange.makes_error_page = true;
    exchange.error_status = page->overwrite.value_or(status);
    exchange.keep_error_status = !page->take_status;
    exchange.response.Drop();
    exchange.GoTo(target);
    // The page is fetched, whatever the client tried to do.
    if (!target.starts_with('@') && !exchange.request.head_only) {
      exchange.request.method = http::Method::kGet;
      exchange.request.method_text = "GET";
    }
    return ErrorPageVerdict::kInternal;
  }

  MakeErrorResponse(exchange, page->overwrite && IsRedirect(*page->overwrite) ? *page->overwrite : Status::kFound);
  exchange.redirect_to = AbsoluteUrl(exchange, target);
  return ErrorPageVerdict::kRedirect;
}

void MakeErrorResponse(Exchange& exchange, Status status) {
  Response& response = exchange.response;
  response.Drop();
  response.status = status;
  response.close = response.close || EndsConnection(status);
  exchange.keep_error_status = false;  // should this be instead of an error's page, it speaks for itself
  // A code that nobody has given a name, as of `return 600;`, has no page either.
  if (!http::MayHaveBody(status) || http::StatusText(status).empty()) return;
  response.content_type = "text/html";
  response.body.Add(Piece::Memory(BuiltInPage(exchange, status)));
}

Outcome RespondBare(Exchange& exchange, Status status) {
  const bool withheld =
      status == Status::kRequestTimeout || status == Status::kClose || status == Status::kClientClosedRequest;
  if (!withheld && http::Code(status) >= 300) return Outcome::Respond(status);
  exchange.response.status = status;
  exchange.response.withheld = withheld;
  return Outcome::Done();
}

Outcome Redirect(Exchange& exchange, Status status, std::string_view location) {
  exchange.redirect_to = location.empty() ? std::string_view("") : AbsoluteUrl(exchange, location);
  return Outcome::Respond(status);
}

Outcome RedirectToSlash(Exchange& exchange) {
  std::string location;
  http::AppendEscapedUri(exchange.request.path, location);
  location += '/';
  if (!exchange.request.args.empty()) location.append("?").append(exchange.request.args);
  return Redirect(exchange, Status::kMovedPermanently, exchange.arena.Copy(location));
}

Outcome RefuseMethod(Exchange& exchange, std::string_view methods) {
  exchange.allow = methods;
  return Outcome::Respond(Status::kMethodNotAllowed);
}

void AddFieldsOfStatus(Exchange& exchange) {
  Response& response = exchange.response;
  if (exchange.redirect_to.data() != nullptr && IsRedirect(response.status)) {
    response.fields.Add("Location", exchange.redirect_to);
  }
  if (!exchange.allow.empty() && response.status == Status::kMethodNotAllowed) {
    response.fields.Set(http::HeaderId::kAllow, exchange.allow);
  }
  if (!exchange.content_range.empty() && response.status == Status::kRangeNotSatisfiable) {
    response.fields.Set(http::HeaderId::kContentRange, exchange.content_range);
  }
}

}  // namespace colmeia::pipeline
