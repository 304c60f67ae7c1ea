// Request methods that nginx knows by name (RFC 9110 section 9, WebDAV's RFC 4918, PATCH's RFC 5789).
//
// Any other token is kUnknown: the request is well formed, and the handler decides between 405 and 501.
#pragma once

#include <cstdint>
#include <string_view>

namespace colmeia::http {

enum class Method : std::uint8_t {
  kUnknown,
  kGet,
  kHead,
  kPost,
  kPut,
  kDelete,
  kMkcol,
  kCopy,
  kMove,
  kOptions,
  kPropfind,
  kProppatch,
  kLock,
  kUnlock,
  kPatch,
  kTrace,
  kConnect,
};

// The method of this exact (case-sensitive) name, kUnknown for any other text.
[[nodiscard]] Method FindMethod(std::string_view name);

// "GET"; an empty view for kUnknown.
[[nodiscard]] std::string_view MethodName(Method method);

// GET and HEAD read a resource without a body of interest: the methods that conditions and ranges are about.
[[nodiscard]] constexpr bool IsGetOrHead(Method method) { return method == Method::kGet || method == Method::kHead; }

}  // namespace colmeia::http
