// Memory that travels between processes as a descriptor (memfd_create(2)).
//
// Sealed: bytes that no process can change any more, for configurations and plans. Shared: a fixed size that its
// holders map and write, for the scoreboard and the trace.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::sys {

// A memfd that holds `bytes`, sealed against writing, growing, shrinking and further seals.
[[nodiscard]] Result<UniqueFd> SealedMemfd(const char* name, std::string_view bytes);

// A memfd of `size` zero bytes, sealed against growing and shrinking, so that a mapping of it can never fault.
[[nodiscard]] Result<UniqueFd> SharedMemfd(const char* name, std::size_t size);

// The same as SharedMemfd, but its holders can write it only through the mappings made before this call: afterwards
// every new mapping and every write(2) is refused (F_SEAL_FUTURE_WRITE), also those of other processes.
[[nodiscard]] Result<> SealFutureWrites(int fd);

// Another descriptor of the same memory that can only read: what is mapped from it, not even mprotect(2) makes
// writable, as it does with a read-only mapping of a writable descriptor. For giving up the right to write: `fd`, and
// every copy of it, is to be closed, since its holder can open it anew. Needs /proc.
[[nodiscard]] Result<UniqueFd> OpenForReading(int fd);

// Everything from offset 0 to the end; the descriptor's position is neither used nor moved.
[[nodiscard]] Result<std::string> ReadMemfd(int fd);

// Bytes of a shared memfd become zero again, and their memory is the system's. REQUIRES: `offset` and `size` are those
// of pages.
[[nodiscard]] Result<> EmptyPart(int fd, std::size_t offset, std::size_t size);

// Where the next bytes are that were ever written, at `offset` or behind it; the size of the file where none are.
[[nodiscard]] Result<std::size_t> NextData(int fd, std::size_t offset);

// The size of the file behind `fd`.
[[nodiscard]] Result<std::size_t> SizeOf(int fd);

// A mapping of some bytes, unmapped when it goes. The descriptor may be closed while it lives.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  // Fails when the file is shorter than `size`: reading beyond its end would kill us.
  [[nodiscard]] static Result<Mapping> MapShared(int fd, std::size_t size, bool writable) {
    return MapPart(fd, 0, size, writable);
  }

  // The same of `size` bytes from `offset` on. REQUIRES: `offset` is that of a page.
  [[nodiscard]] static Result<Mapping> MapPart(int fd, std::size_t offset, std::size_t size, bool writable);

  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace colmeia::sys
