// Result<T>: the value of something that may fail for an expected reason (a file, a socket, a configuration).
//
// It is not for our own bugs (util/check.h), not for requests that cannot be served (pipeline::Outcome), and not for
// mistakes of the operator in a configuration (config::Diagnostic).
//
//   Result<UniqueFd> fd = sys::OpenFile(path, O_RDONLY);
//   if (!fd) return tl::unexpected(fd.error());
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace colmeia::util {

// Why something failed. `message` is a sentence for the operator that names the path, the address or the pid.
struct Error {
  std::string message;
  int code = 0;  // errno where a system call failed, otherwise 0

  bool operator==(const Error&) const = default;
};

template <class T = void>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> Fail(std::string message, int code = 0) {
  return tl::unexpected<Error>(Error{std::move(message), code});
}

}  // namespace colmeia::util

namespace colmeia {
using util::Error;
using util::Fail;
using util::Result;
}  // namespace colmeia
