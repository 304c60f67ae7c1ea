// What a parsed head means: host, framing, persistence. The second half of the parser's fence, after llhttp.
#pragma once

#include "h1/request_head.h"
#include "http/fault.h"

namespace colmeia::h1 {

// Checks the fields of `head` against each other and sets host, chunked, keep_alive and expect_continue (RFC 9112
// sections 3.2, 6 and 9.3). REQUIRES: method, version, fields and content_length are set.
http::Fault Interpret(RequestHead& head);

}  // namespace colmeia::h1
