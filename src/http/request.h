// Request: what a client asks for, whatever the HTTP version.
//
// It is a value of views and owns no text. What a client has sent lies in one block of bytes (HTTP/1: the worker's
// receive buffer, and once the exchange outlives the callback a copy of its own), what was made of it in an arena. When
// the block moves, ForEachText() names every view that may have to follow.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "http/fields.h"
#include "http/method.h"

namespace colmeia::http {

// Views and nothing else.
struct RequestTexts {
  std::string_view method_text;
  std::string_view line;      // "GET /a?b HTTP/1.1", for $request; of what is no request, what is known of it
  std::string_view target;    // as sent, bytes above 0x7f included, for $request_uri
  std::string_view path;      // decoded and normalised, for $uri; changed by internal redirects
  std::string_view args;      // after '?', undecoded, for $args
  std::string_view host;      // lower case, without port; from the target or the Host field; may be empty
  std::string_view protocol;  // "HTTP/1.1", for $server_protocol

  // All of them: the compiler counts.
  template <class Visit>
  void ForEachText(Visit&& visit) {
    auto& [a, b, c, d, e, f, g] = *this;
    (visit(a), visit(b), visit(c), visit(d), visit(e), visit(f), visit(g));
  }
};

// All of a request that costs nothing to forget.
struct PlainRequest : RequestTexts {
  Method method = Method::kUnknown;
  bool head_only = false;                       // HEAD: the response's body is not sent
  std::uint64_t length = 0;                     // bytes of the request as received so far, for $request_length
  std::optional<std::uint64_t> content_length;  // any 64-bit value: compare it with the limit before any cast
};

struct Request : PlainRequest {
  Fields fields;  // without those that nginx ignores for their names

  // Empties it and keeps the memory.
  void Clear() {
    static_cast<PlainRequest&>(*this) = {};
    fields.Clear();
  }

  // Becomes `other`, which is left with this one's memory, and is to be cleared before it is used.
  void Take(Request& other) {
    static_cast<PlainRequest&>(*this) = other;
    std::swap(fields, other.fields);
  }

  // Those of the fields, too.
  template <class Visit>
  void ForEachText(Visit&& visit) {
    RequestTexts::ForEachText(visit);
    fields.ForEachText(visit);
  }
};

}  // namespace colmeia::http
