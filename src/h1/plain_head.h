// ReadPlainHead: the heads that nearly every request has, read in one pass over their bytes.
//
// It judges nothing: it recognises heads of which it is plain to see what Parser and llhttp would make of them, and
// leaves all others to these. What is plain: GET or HEAD, a target of the usual characters, exactly HTTP/1.1, lines
// that end in CRLF, field names of letters, digits and "-", values that are neither empty nor have a TAB, and no field
// that says something of the body or of another protocol. So a plain head has no body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "h1/request_head.h"

namespace colmeia::h1 {

// The size of the plain head that `bytes` begin with; 0 when they begin with another one, or with a part of one, and
// then `out` is meaningless. Fills all of `out` that stands in the head itself, and leaves what its fields mean to
// Interpret(). A head with more than `most_fields` is not plain. REQUIRES: `out` is clear.
[[nodiscard]] std::size_t ReadPlainHead(std::string_view bytes, std::uint32_t most_fields, RequestHead& out);

}  // namespace colmeia::h1
