#include "sys/io.h"

#include <unistd.h>

namespace colmeia::sys {

IoResult ReadFileAt(int file, off_t offset, char* out, std::size_t size) {
  IoResult all{IoStatus::kEnd, 0, 0};
  while (all.bytes < size) {
    const IoResult part = Transfer(
        [&] { return ::pread(file, out + all.bytes, size - all.bytes, offset + static_cast<off_t>(all.bytes)); });
    if (part.status == IoStatus::kError) return part;
    if (part.status != IoStatus::kDone) break;
    all.status = IoStatus::kDone;
    all.bytes += part.bytes;
  }
  return all;
}

}  // namespace colmeia::sys
