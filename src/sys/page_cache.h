// PageCache: whether bytes of a file lie in memory, so that reading them does not wait for the disk.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace colmeia::sys {

enum class Pages : std::uint8_t {
  kWarm,     // the kernel has the first and the last of them, as far as the file goes
  kCold,     // it would read them from the disk
  kUnknown,  // this file system does not say
};

// Two reads of one byte that do not wait (preadv2(2) with RWF_NOWAIT). It asks for the ends alone: what is between them
// has most likely been read with them. The kernel may begin to read what is cold, and a fast
// disk may even have it. REQUIRES: length > 0.
[[nodiscard]] Pages LookAtPages(int fd, off_t offset, std::uint64_t length);

// Reads the range into nothing, and so into the kernel's memory; waits for the disk. What cannot be read is found by
// the next to try.
void WarmPages(int fd, off_t offset, std::uint64_t length);

}  // namespace colmeia::sys
