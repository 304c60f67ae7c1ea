#include "sys/error.h"

#include <string.h>

#include <cerrno>
#include <utility>

namespace colmeia::sys {

Error ErrnoError(std::string what, int code) {
  char buffer[256];
  // The GNU form, which needs no locale and is safe in threads.
  const char* const reason = strerror_r(code, buffer, sizeof(buffer));
  what += ": ";
  what += reason;
  return Error{std::move(what), code};
}

Error ErrnoError(std::string what) {
  const int code = errno;
  return ErrnoError(std::move(what), code);
}

tl::unexpected<Error> FailErrno(std::string what) {
  const int code = errno;
  return FailErrno(std::move(what), code);
}

tl::unexpected<Error> FailErrno(std::string what, int code) {
  return tl::unexpected<Error>(ErrnoError(std::move(what), code));
}

}  // namespace colmeia::sys
