#include "log/error_lines.h"

#include <limits.h>
#include <unistd.h>

#include <cstring>

#include <fmt/format.h>

#include "log/output.h"

namespace colmeia::log {

void ErrorLines::Collect(bool on) {
  Flush();
  collecting_ = on;
  if (on) self_size_ = fmt::format_to_n(self_.data(), self_.size(), "{}#{}", getpid(), gettid()).size;
}

// Everything at once into a file; into a pipe whole lines of at most PIPE_BUF bytes, which pipe(7) does not tear. What
// is not taken is lost.
void ErrorLines::Write(int fd, std::string_view lines) noexcept {
  // The kind is asked for each time: the descriptor may have been redirected.
  const OutputKind kind = KindOf(fd);
  while (!lines.empty()) {
    std::string_view piece = lines;
    if (kind != OutputKind::kFile && piece.size() > PIPE_BUF) {
      const std::size_t end = piece.rfind('\n', PIPE_BUF - 1);
      piece = piece.substr(0, (end == std::string_view::npos ? piece.find('\n') : end) + 1);
    }
    [[maybe_unused]] const ssize_t size = WriteNow(fd, kind, piece);
    lines.remove_prefix(piece.size());
  }
}

void ErrorLines::Flush(Block& block) noexcept {
  // Taken before it is written: a fault meanwhile must not write it twice.
  const std::size_t size = block.size.exchange(0, std::memory_order_relaxed);
  if (size > 0) Write(block.fd, {block.bytes, size});
}

void ErrorLines::Flush() noexcept {
  for (Block& block : blocks_) {
    if (block.fd < 0) return;  // nor has any behind it one
    Flush(block);
  }
}

ErrorLines::Block* ErrorLines::BlockOf(int fd) {
  if (fd < 0) return nullptr;
  for (Block& block : blocks_) {
    if (block.fd == fd) return &block;
    if (block.fd >= 0) continue;
    block.bytes = new char[kBlock];
    block.fd = fd;
    return &block;
  }
  return nullptr;
}

void ErrorLines::Add(int fd, std::string_view line, bool urgent) {
  Block* const block = collecting_ ? BlockOf(fd) : nullptr;
  if (block == nullptr || line.size() > kBlock) return Write(fd, line);
  std::size_t size = block->size.load(std::memory_order_relaxed);
  if (size + line.size() > kBlock) {
    Flush(*block);
    size = 0;
  }
  std::memcpy(block->bytes + size, line.data(), line.size());
  std::atomic_signal_fence(std::memory_order_release);
  block->size.store(size + line.size(), std::memory_order_relaxed);
  if (urgent) Flush(*block);
}

}  // namespace colmeia::log
