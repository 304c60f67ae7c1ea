// Status codes (RFC 9110 section 15 and nginx's own 444 and 494 to 499), their reason phrases and status lines.
//
// A Status may hold any number from 100 to 999, also one without a name here: `return 299;` is legal, and so is 600.
// Phrases are nginx's where it has one ("Moved Temporarily", "Not Allowed"), otherwise the registry's.
#pragma once

#include <cstdint>
#include <string_view>

namespace colmeia::http {

enum class Status : std::uint16_t {
  kNone = 0,  // no status has been chosen
  kContinue = 100,
  kSwitchingProtocols = 101,
  kProcessing = 102,
  kEarlyHints = 103,
  kOk = 200,
  kCreated = 201,
  kAccepted = 202,
  kNonAuthoritativeInformation = 203,
  kNoContent = 204,
  kResetContent = 205,
  kPartialContent = 206,
  kMultiStatus = 207,
  kMultipleChoices = 300,
  kMovedPermanently = 301,
  kFound = 302,
  kSeeOther = 303,
  kNotModified = 304,
  kTemporaryRedirect = 307,
  kPermanentRedirect = 308,
  kBadRequest = 400,
  kUnauthorized = 401,
  kPaymentRequired = 402,
  kForbidden = 403,
  kNotFound = 404,
  kMethodNotAllowed = 405,
  kNotAcceptable = 406,
  kProxyAuthenticationRequired = 407,
  kRequestTimeout = 408,
  kConflict = 409,
  kGone = 410,
  kLengthRequired = 411,
  kPreconditionFailed = 412,
  kContentTooLarge = 413,
  kUriTooLong = 414,
  kUnsupportedMediaType = 415,
  kRangeNotSatisfiable = 416,
  kExpectationFailed = 417,
  kImATeapot = 418,
  kMisdirectedRequest = 421,
  kUnprocessableContent = 422,
  kLocked = 423,
  kFailedDependency = 424,
  kTooEarly = 425,
  kUpgradeRequired = 426,
  kPreconditionRequired = 428,
  kTooManyRequests = 429,
  kRequestHeaderFieldsTooLarge = 431,
  kClose = 444,  // nginx's: close the connection without an answer
  kUnavailableForLegalReasons = 451,
  kRequestHeaderTooLarge = 494,  // nginx's: sent as 400, error_page may name it
  kCertificateError = 495,       // nginx's: sent as 400
  kNoCertificate = 496,          // nginx's: sent as 400
  kToHttps = 497,                // nginx's: plain HTTP on an HTTPS port, sent as 400
  kInvalidToken = 498,           // never sent, nginx's users log it
  kClientClosedRequest = 499,    // nginx's: for the access log only
  kInternalServerError = 500,
  kNotImplemented = 501,
  kBadGateway = 502,
  kServiceUnavailable = 503,
  kGatewayTimeout = 504,
  kHttpVersionNotSupported = 505,
  kVariantAlsoNegotiates = 506,
  kInsufficientStorage = 507,
  kLoopDetected = 508,
  kNotExtended = 510,
  kNetworkAuthenticationRequired = 511,
};

[[nodiscard]] constexpr int Code(Status status) { return static_cast<int>(status); }

// "Not Found"; an empty view for a number without a name.
[[nodiscard]] std::string_view ReasonPhrase(Status status);

// "404 Not Found", static text as it stands in error pages; an empty view for a number without a name.
[[nodiscard]] std::string_view StatusText(Status status);

// "HTTP/1.1 404 Not Found\r\n", static text; an empty view for a number without a name.
[[nodiscard]] std::string_view StatusLine(Status status);

// What goes over the wire: nginx's 494 to 497 are sent as 400, all others as they are.
[[nodiscard]] constexpr Status WireStatus(Status status) {
  const int code = Code(status);
  return code >= 494 && code <= 497 ? Status::kBadRequest : status;
}

// RFC 9110 section 6.4.1: 1xx, 204 and 304 never have a body.
[[nodiscard]] constexpr bool MayHaveBody(Status status) {
  return Code(status) >= 200 && status != Status::kNoContent && status != Status::kNotModified;
}

}  // namespace colmeia::http
