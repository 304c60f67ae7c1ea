#include "http/method.h"

#include <array>
#include <cstddef>

namespace colmeia::http {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 17> kMethodNames = {
    "",        "GET",      "HEAD",      "POST", "PUT",    "DELETE", "MKCOL", "COPY",    "MOVE",
    "OPTIONS", "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK", "PATCH",  "TRACE", "CONNECT",
};
static_assert(kMethodNames[static_cast<std::size_t>(Method::kConnect)] == "CONNECT");

}  // namespace

Method FindMethod(std::string_view name) {
  if (name == "GET") return Method::kGet;
  if (name.empty()) return Method::kUnknown;
  for (std::size_t i = 2; i < kMethodNames.size(); ++i) {
    if (kMethodNames[i] == name) return static_cast<Method>(i);
  }
  return Method::kUnknown;
}

std::string_view MethodName(Method method) { return kMethodNames[static_cast<std::size_t>(method)]; }

}  // namespace colmeia::http
