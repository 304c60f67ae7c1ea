// Piece: some bytes of a body, where they lie: in memory, or in a file that is sent from there.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace colmeia::pipeline {

// Either bytes in memory (fd < 0) or a range of a file.
struct Piece {
  std::string_view memory;
  int fd = -1;       // lent by the body's owner
  off_t offset = 0;  // within the file
  std::uint64_t length = 0;

  static Piece Memory(std::string_view bytes) { return {bytes, -1, 0, bytes.size()}; }
  static Piece File(int fd, off_t offset, std::uint64_t length) { return {{}, fd, offset, length}; }
  [[nodiscard]] bool in_memory() const { return fd < 0; }

  // If it lies in [from, from + size) it now lies at the same distance behind `to` (Exchange::MoveHead).
  void MoveMemory(const char* from, std::size_t size, const char* to);
};

}  // namespace colmeia::pipeline
