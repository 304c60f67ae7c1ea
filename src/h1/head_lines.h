// The lines of a request head, each judged alone before llhttp sees them: the first half of the parser's fence.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/fault.h"
#include "http/method.h"

namespace colmeia::h1 {

// Where the parts of a request line are: "method SP target SP HTTP/1.x".
struct RequestLine {
  std::uint32_t size = 0;         // without its line end
  std::uint32_t method_size = 0;  // from the first byte
  std::uint32_t target_size = 0;  // after the method and a space
  http::Method method = http::Method::kUnknown;
  std::uint8_t version_minor = 0;  // 0 or 1
};

// `line` has no line end.
http::Fault ParseRequestLine(std::string_view line, RequestLine& out);

// A fault as soon as the beginning of a request line shows that it will never be one, so that a client that speaks
// another protocol need not wait for a line end. Says the same as ParseRequestLine will.
http::Fault CheckPartialRequestLine(std::string_view partial);

struct FieldLine {
  http::Fault fault{};
  std::uint8_t name_classes = 0;  // all ByteClass bits of the name
};

// Judges a field line of `size` bytes without its line end; a TAB in the value becomes a SP in place.
[[nodiscard]] FieldLine CheckFieldLine(char* line, std::size_t size);

}  // namespace colmeia::h1
