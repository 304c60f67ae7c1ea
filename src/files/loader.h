// What the file system says about a path, asked now: stat(2), or open(2) and read(2). Nothing is remembered here.
//
// Paths are NUL-terminated one byte past their end, so that no copy is needed for the kernel.
#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <string_view>

#include "files/file.h"

namespace colmeia::files {

// The stamp of what the path leads to, links followed, or errno.
struct Found {
  Stamp stamp;
  int error = 0;
};
[[nodiscard]] Found Look(std::string_view path);

struct Loaded {
  std::shared_ptr<const File> file;
  int error = 0;
  // No later write can leave the file with the same stamp: when the bytes were read, its last change was longer ago
  // than a tick of the file system's clock. False asks to read again next time, until it is old enough.
  bool settled = false;
};

// What `settled` means, for a file with this stamp that was read at that time of CLOCK_REALTIME_COARSE, the clock that
// file systems stamp with.
[[nodiscard]] bool IsSettled(const Stamp& stamp, const timespec& read_at);

// A regular file of at most `small` bytes with its bytes, a larger one with a descriptor, anything else with its facts.
// It is opened without waiting, as nginx opens whatever is asked for: pipes and devices too.
[[nodiscard]] Loaded Load(std::string_view path, std::size_t small);

}  // namespace colmeia::files
