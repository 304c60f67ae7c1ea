// Opening and reading files whole, with errors that name the path.
//
// For configuration, logs and /proc: it blocks. Files served to clients go another way.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::sys {

// open(2), always closed on exec. `flags` as in O_RDONLY | O_NONBLOCK.
[[nodiscard]] Result<UniqueFd> OpenFile(const std::string& path, int flags, mode_t mode = 0644);

// Everything from the descriptor's present position to its end. `what` names it in an error.
[[nodiscard]] Result<std::string> ReadAll(int fd, const std::string& what = "descriptor");

// The same, but no more than `most` bytes. Memory is taken as they come, whatever the file says of its size.
[[nodiscard]] Result<std::string> ReadUpTo(int fd, std::size_t most, const std::string& what = "descriptor");

// The whole file. A directory is an error.
[[nodiscard]] Result<std::string> ReadFile(const std::string& path);

// All of `bytes`, however many writes it takes. REQUIRES: a blocking descriptor.
[[nodiscard]] Result<> WriteAll(int fd, std::string_view bytes, const std::string& what = "descriptor");

}  // namespace colmeia::sys
