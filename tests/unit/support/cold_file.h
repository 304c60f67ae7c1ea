// Files that are not in the system's memory, for a test.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include "support/deadline.h"

namespace colmeia {

// How many pages of the file's first `size` bytes are in memory. Asking does not make the kernel read any.
inline std::size_t ResidentPages(int fd, std::size_t size) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return size;
  std::vector<unsigned char> pages((size + page - 1) / page, 1);
  mincore(memory, size, pages.data());
  munmap(memory, size);
  return static_cast<std::size_t>(
      std::count_if(pages.begin(), pages.end(), [](unsigned char flags) { return (flags & 1) != 0; }));
}

// Nothing of the file is in memory, and nothing is read ahead of what is asked for. False where the file system keeps
// it, or cannot read without waiting. REQUIRES: all of it was written to the disk.
inline bool Chill(int fd, std::size_t size) {
  char byte = 0;
  const iovec part{&byte, 1};
  if (preadv2(fd, &part, 1, 0, RWF_NOWAIT) < 0 && errno != EAGAIN) return false;
  posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
  const auto deadline =
      std::chrono::steady_clock::now() + std::min<std::chrono::nanoseconds>(kTestDeadline, std::chrono::seconds(2));
  while (ResidentPages(fd, size) > 0) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    std::this_thread::yield();
  }
  return true;
}

}  // namespace colmeia
