// errno turned into an Error, in one place.
#pragma once

#include <string>

#include "util/result.h"

namespace colmeia::sys {

// "what: No such file or directory", with the errno of the call that just failed as the code. `what` names the action
// and the path or address: "cannot open /etc/x".
[[nodiscard]] Error ErrnoError(std::string what);
[[nodiscard]] Error ErrnoError(std::string what, int code);

// The same, ready to be returned from a function that returns Result<T>.
[[nodiscard]] tl::unexpected<Error> FailErrno(std::string what);
[[nodiscard]] tl::unexpected<Error> FailErrno(std::string what, int code);

}  // namespace colmeia::sys
