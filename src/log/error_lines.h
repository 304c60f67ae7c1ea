// ErrorLines: complete lines of error logs on their way to their descriptors. Not for others: log/error_log.h is the
// door.
//
// While collecting, lines of one descriptor wait in a block of memory, in their order, until Flush(). A descriptor
// beyond the first kMost gets its lines at once.
//
// A signal handler may Flush() at any moment: a block's bytes count only once they are complete.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <string_view>

namespace colmeia::log {

class ErrorLines {
 public:
  static constexpr std::size_t kMost = 8;           // descriptors whose lines are collected
  static constexpr std::size_t kBlock = 64 * 1024;  // of each; taken when first used

  // Collects from here on, or flushes and writes at once again.
  void Collect(bool on);
  [[nodiscard]] bool collecting() const { return collecting_; }
  // "1234#1234", the process and its thread while collecting.
  [[nodiscard]] std::string_view self() const { return {self_.data(), self_size_}; }

  // `line` ends with a newline. An urgent one does not wait, nor does what was collected before it.
  void Add(int fd, std::string_view line, bool urgent);

  // Safe in a signal handler.
  void Flush() noexcept;

 private:
  struct Block {
    int fd = -1;
    char* bytes = nullptr;  // owned, and never freed: the last words of a process may come from a destructor
    std::atomic<std::size_t> size{0};
  };

  static void Write(int fd, std::string_view lines) noexcept;
  void Flush(Block& block) noexcept;
  Block* BlockOf(int fd);

  std::array<Block, kMost> blocks_;
  bool collecting_ = false;
  std::array<char, 24> self_{};
  std::size_t self_size_ = 0;
};

}  // namespace colmeia::log
