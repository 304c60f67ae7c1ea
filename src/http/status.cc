#include "http/status.h"

#include <array>
#include <cstddef>

namespace colmeia::http {
namespace {

struct Named {
  Status status;
  std::string_view phrase;
};

constexpr Named kNamed[] = {
    {Status::kContinue, "Continue"},
    {Status::kSwitchingProtocols, "Switching Protocols"},
    {Status::kProcessing, "Processing"},
    {Status::kEarlyHints, "Early Hints"},
    {Status::kOk, "OK"},
    {Status::kCreated, "Created"},
    {Status::kAccepted, "Accepted"},
    {Status::kNonAuthoritativeInformation, "Non-Authoritative Information"},
    {Status::kNoContent, "No Content"},
    {Status::kResetContent, "Reset Content"},
    {Status::kPartialContent, "Partial Content"},
    {Status::kMultiStatus, "Multi-Status"},
    {Status::kMultipleChoices, "Multiple Choices"},
    {Status::kMovedPermanently, "Moved Permanently"},
    {Status::kFound, "Moved Temporarily"},
    {Status::kSeeOther, "See Other"},
    {Status::kNotModified, "Not Modified"},
    {Status::kTemporaryRedirect, "Temporary Redirect"},
    {Status::kPermanentRedirect, "Permanent Redirect"},
    {Status::kBadRequest, "Bad Request"},
    {Status::kUnauthorized, "Unauthorized"},
    {Status::kPaymentRequired, "Payment Required"},
    {Status::kForbidden, "Forbidden"},
    {Status::kNotFound, "Not Found"},
    {Status::kMethodNotAllowed, "Not Allowed"},
    {Status::kNotAcceptable, "Not Acceptable"},
    {Status::kProxyAuthenticationRequired, "Proxy Authentication Required"},
    {Status::kRequestTimeout, "Request Time-out"},
    {Status::kConflict, "Conflict"},
    {Status::kGone, "Gone"},
    {Status::kLengthRequired, "Length Required"},
    {Status::kPreconditionFailed, "Precondition Failed"},
    {Status::kContentTooLarge, "Request Entity Too Large"},
    {Status::kUriTooLong, "Request-URI Too Large"},
    {Status::kUnsupportedMediaType, "Unsupported Media Type"},
    {Status::kRangeNotSatisfiable, "Requested Range Not Satisfiable"},
    {Status::kExpectationFailed, "Expectation Failed"},
    {Status::kImATeapot, "I'm a teapot"},
    {Status::kMisdirectedRequest, "Misdirected Request"},
    {Status::kUnprocessableContent, "Unprocessable Content"},
    {Status::kLocked, "Locked"},
    {Status::kFailedDependency, "Failed Dependency"},
    {Status::kTooEarly, "Too Early"},
    {Status::kUpgradeRequired, "Upgrade Required"},
    {Status::kPreconditionRequired, "Precondition Required"},
    {Status::kTooManyRequests, "Too Many Requests"},
    {Status::kRequestHeaderFieldsTooLarge, "Request Header Fields Too Large"},
    {Status::kClose, "Connection Closed Without Response"},
    {Status::kUnavailableForLegalReasons, "Unavailable For Legal Reasons"},
    {Status::kRequestHeaderTooLarge, "Request Header Or Cookie Too Large"},
    {Status::kCertificateError, "SSL Certificate Error"},
    {Status::kNoCertificate, "SSL Certificate Required"},
    {Status::kToHttps, "HTTP Request Sent to HTTPS Port"},
    {Status::kInvalidToken, "Invalid Token"},
    {Status::kClientClosedRequest, "Client Closed Request"},
    {Status::kInternalServerError, "Internal Server Error"},
    {Status::kNotImplemented, "Not Implemented"},
    {Status::kBadGateway, "Bad Gateway"},
    {Status::kServiceUnavailable, "Service Temporarily Unavailable"},
    {Status::kGatewayTimeout, "Gateway Time-out"},
    {Status::kHttpVersionNotSupported, "HTTP Version Not Supported"},
    {Status::kVariantAlsoNegotiates, "Variant Also Negotiates"},
    {Status::kInsufficientStorage, "Insufficient Storage"},
    {Status::kLoopDetected, "Loop Detected"},
    {Status::kNotExtended, "Not Extended"},
    {Status::kNetworkAuthenticationRequired, "Network Authentication Required"},
};

constexpr std::string_view kProtocol = "HTTP/1.1 ";
constexpr std::size_t kCodeSize = sizeof("404 ") - 1;

struct Line {
  std::array<char, 64> text{};
  std::size_t size = 0;
};

constexpr Line MakeLine(const Named& named) {
  Line line;
  const auto append = [&line](char c) { line.text[line.size++] = c; };
  for (const char c : kProtocol) append(c);
  const int code = Code(named.status);
  append(static_cast<char>('0' + code / 100));
  append(static_cast<char>('0' + code / 10 % 10));
  append(static_cast<char>('0' + code % 10));
  append(' ');
  for (const char c : named.phrase) append(c);
  append('\r');
  append('\n');
  return line;
}

constexpr int kFirstCode = 100;
constexpr int kEndCode = 600;

struct Tables {
  std::array<Line, std::size(kNamed)> lines{};
  std::array<std::uint8_t, kEndCode - kFirstCode> index{};  // 1 + position in kNamed, 0 for a number without a name
};

constexpr Tables MakeTables() {
  Tables tables;
  for (std::size_t i = 0; i < std::size(kNamed); ++i) {
    tables.lines[i] = MakeLine(kNamed[i]);
    tables.index[static_cast<std::size_t>(Code(kNamed[i].status) - kFirstCode)] = static_cast<std::uint8_t>(i + 1);
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

const Line* FindLine(Status status) {
  const int code = Code(status);
  if (code < kFirstCode || code >= kEndCode) return nullptr;
  const std::uint8_t position = kTables.index[static_cast<std::size_t>(code - kFirstCode)];
  return position == 0 ? nullptr : &kTables.lines[position - 1U];
}

}  // namespace

std::string_view StatusLine(Status status) {
  const Line* const line = FindLine(status);
  return line == nullptr ? std::string_view{} : std::string_view{line->text.data(), line->size};
}

std::string_view StatusText(Status status) {
  std::string_view line = StatusLine(status);
  if (line.empty()) return line;
  line.remove_prefix(kProtocol.size());
  line.remove_suffix(2);
  return line;
}

std::string_view ReasonPhrase(Status status) {
  std::string_view text = StatusText(status);
  if (!text.empty()) text.remove_prefix(kCodeSize);
  return text;
}

}  // namespace colmeia::http
