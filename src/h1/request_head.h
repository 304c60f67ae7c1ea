// RequestHead: one parsed request line and header section: a request, and what HTTP/1 alone says beside it.
//
// It owns no text: every view points into the bytes that were given to Parser::ParseHead.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/host.h"
#include "http/request.h"

namespace colmeia::h1 {

// What HTTP/1 alone says, as far as it costs nothing to forget.
struct Framing {
  std::string_view text;             // from the request line's first byte to the end of the empty line
  int version_minor = 1;             // 0 for HTTP/1.0, 1 for 1.1 and whatever 1.x the future brings
  http::HostPort host_port;          // the Host field's; empty when HTTP/1.0 sent none
  bool chunked = false;              // never together with content_length
  bool keep_alive = false;           // the client would keep the connection
  bool expect_continue = false;      // HTTP/1.1 with Expect: 100-continue
  std::uint32_t ignored_fields = 0;  // left out of `fields` for their names
};

// Of the request the parser sets what stands in the head: path, args and host are for http::ParseTarget and the
// session.
struct RequestHead : http::Request, Framing {
  http::HostMemo hosts;  // of the heads that were read into this, one after another

  // Empties it and keeps the memory.
  void Clear() {
    http::Request::Clear();
    static_cast<Framing&>(*this) = {};
  }
};

}  // namespace colmeia::h1
