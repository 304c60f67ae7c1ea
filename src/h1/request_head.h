// RequestHead: one parsed request line and header section.
//
// It owns no text: every view points into the bytes that were given to Parser::ParseHead.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/fields.h"
#include "http/host.h"
#include "http/method.h"

namespace colmeia::h1 {

// All of it that costs nothing to forget.
struct PlainRequestHead {
  std::string_view text;          // from the request line's first byte to the end of the empty line
  std::string_view request_line;  // without its line end; after an error what is known of it, for the access log
  std::string_view method_text;
  std::string_view target;    // as sent, bytes above 0x7f included: http::ParseTarget reads it
  std::string_view protocol;  // "HTTP/1.1"
  http::Method method = http::Method::kUnknown;
  int version_minor = 1;  // 0 for HTTP/1.0, 1 for 1.1 and whatever 1.x the future brings

  http::HostPort host;  // the Host field's; empty when HTTP/1.0 sent none

  std::optional<std::uint64_t> content_length;  // any 64-bit value: compare it with the limit before any cast
  bool chunked = false;                         // never together with content_length
  bool keep_alive = false;                      // the client would keep the connection
  bool expect_continue = false;                 // HTTP/1.1 with Expect: 100-continue
  std::uint32_t ignored_fields = 0;             // left out of `fields` for their names
};

struct RequestHead : PlainRequestHead {
  http::Fields fields;   // without those that nginx ignores for their names
  http::HostMemo hosts;  // of the heads that were read into this, one after another

  // Empties it and keeps the memory.
  void Clear();
};

}  // namespace colmeia::h1
