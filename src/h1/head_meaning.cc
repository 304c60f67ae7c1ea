#include "h1/head_meaning.h"

#include <cstdint>

#include "http/connection_options.h"
#include "http/list.h"
#include "util/strings.h"

namespace colmeia::h1 {
namespace {

using http::Fault;
using http::Field;
using http::HeaderId;
using http::Status;

constexpr Fault kNoHost{Status::kBadRequest, "client sent HTTP/1.1 request without Host header"};
constexpr Fault kInvalidHost{Status::kBadRequest, "client sent invalid Host header"};
constexpr Fault kDuplicate{Status::kBadRequest, "client sent duplicate header line"};
constexpr Fault kBothLengths{Status::kBadRequest, "client sent both Content-Length and Transfer-Encoding"};
constexpr Fault kOldTransferEncoding{Status::kBadRequest, "client sent Transfer-Encoding with HTTP/1.0"};
constexpr Fault kInvalidCoding{Status::kBadRequest, "client sent invalid Transfer-Encoding"};
constexpr Fault kUnknownCoding{Status::kNotImplemented, "client sent unknown Transfer-Encoding"};
constexpr Fault kConnect{Status::kMethodNotAllowed, "client sent CONNECT method"};
constexpr Fault kTrace{Status::kMethodNotAllowed, "client sent TRACE method"};

constexpr std::uint64_t Bit(HeaderId id) { return std::uint64_t{1} << static_cast<unsigned>(id); }

// Fields of which a second one is refused, as nginx does: taking either one would be a guess.
constexpr std::uint64_t kSingletons =
    Bit(HeaderId::kHost) | Bit(HeaderId::kContentLength) | Bit(HeaderId::kTransferEncoding) |
    Bit(HeaderId::kAuthorization) | Bit(HeaderId::kExpect) | Bit(HeaderId::kIfMatch) | Bit(HeaderId::kIfModifiedSince) |
    Bit(HeaderId::kIfNoneMatch) | Bit(HeaderId::kIfRange) | Bit(HeaderId::kIfUnmodifiedSince) | Bit(HeaderId::kRange);

// RFC 9112 section 6.1: codings that we lack, with one "chunked" at the end, are 501; without it nobody can tell where
// the body ends, which is 400.
Fault CodingFault(std::string_view value) {
  int chunked = 0;
  bool is_last = false;
  http::ForEachElement(value, [&](std::string_view coding) {
    is_last = util::EqualsIgnoreCase(coding, "chunked");
    if (is_last) ++chunked;
  });
  return chunked == 1 && is_last && !value.starts_with(',') ? kUnknownCoding : kInvalidCoding;
}

Fault InterpretTransferEncoding(const Field& field, RequestHead& head) {
  if (head.content_length) return kBothLengths;
  if (head.version_minor == 0) return kOldTransferEncoding;
  if (!util::EqualsIgnoreCase(field.value, "chunked")) return CodingFault(field.value);
  head.chunked = true;
  return {};
}

}  // namespace

Fault Interpret(RequestHead& head) {
  http::ConnectionOptions connection;
  std::uint64_t seen = 0;
  for (const Field& field : head.fields) {
    const std::uint64_t bit = Bit(field.id);
    if ((seen & bit & kSingletons) != 0) return kDuplicate;
    seen |= bit;
    switch (field.id) {
      case HeaderId::kHost: {
        const std::optional<http::HostPort> host = head.hosts.Split(field.value);
        if (!host) return kInvalidHost;
        head.host_port = *host;
        break;
      }
      case HeaderId::kTransferEncoding:
        if (const Fault fault = InterpretTransferEncoding(field, head)) return fault;
        break;
      case HeaderId::kConnection:
        connection.Add(field.value);
        break;
      case HeaderId::kExpect:
        head.expect_continue = head.version_minor >= 1 && util::EqualsIgnoreCase(field.value, "100-continue");
        break;
      default:
        break;
    }
  }
  if ((seen & Bit(HeaderId::kHost)) == 0 && head.version_minor >= 1) return kNoHost;
  head.keep_alive = connection.Persists(head.version_minor);
  if (head.method == http::Method::kConnect) return kConnect;
  if (head.method == http::Method::kTrace) return kTrace;
  return {};
}

}  // namespace colmeia::h1
