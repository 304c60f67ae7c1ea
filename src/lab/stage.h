// The stage: a process of its own for each exhibit, so that one that hangs, crashes or may not do what it wants costs
// the others nothing.
//
// A stage leads a process group; whatever it started is killed with it. It reports through a pipe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "lab/exhibit.h"
#include "util/result.h"

namespace colmeia::lab {

struct StageResult {
  enum class State : std::uint8_t {
    kMeasured,     // `measured` holds the numbers
    kUnavailable,  // it cannot run here, `why` says why not
    kInterrupted,  // the watcher asked for the end
  };
  State state = State::kUnavailable;
  Measured measured;
  std::string why;
};

// Runs `exhibit` in a new process and waits for its end, at most `limit`. `watch` is called about ten times a second;
// false ends the stage. The calling process must have a single thread and no other children.
[[nodiscard]] StageResult RunStage(const Exhibit& exhibit, const Setting& setting, std::chrono::milliseconds limit,
                                   const std::function<bool()>& watch);

// --- For exhibits, inside the stage and the processes that it started ---

// Ends the exhibit: it cannot run here. The text and the words for `code`, an errno, are what the operator reads.
[[noreturn]] void GiveUp(std::string_view what, int code);

// The result of a system call that must succeed here: gives up with errno when it is negative.
template <class Number>
Number Must(Number result, const char* what);

// What must be had here: gives up with the error's text when it is not.
template <class T>
T Value(Result<T> result) {
  if (!result) GiveUp(result.error().message, 0);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Runs on this CPU, or these, from here on. It concerns this thread and what it starts.
void Pin(const std::vector<unsigned>& cpus);
void Pin(unsigned cpu);

// A forked process that dies with the one that started it.
class Child {
 public:
  // Runs `body` in a new process, which ends with it.
  explicit Child(const std::function<void()>& body);
  // Kills and reaps it.
  ~Child();
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  Child& operator=(Child&&) = delete;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Until it has ended by itself.
  void Wait();

 private:
  pid_t pid_ = 0;
};

// Zeroed memory that forked processes share, as a T. It is never unmapped: it goes with the stage.
[[nodiscard]] void* SharedMemory(std::size_t size);
template <class T>
[[nodiscard]] T& Shared() {
  return *new (SharedMemory(sizeof(T))) T{};
}

// Bytes of memory that only this process has (not shared with its parent), or NaN when /proc does not tell.
[[nodiscard]] double PrivateMemory(pid_t pid);

// --- implementation ---

[[noreturn]] void GiveUpWithErrno(const char* what);

template <class Number>
Number Must(Number result, const char* what) {
  if (result < 0) GiveUpWithErrno(what);
  return result;
}

// What a stage writes into its pipe; exposed for tests. Parse fails on anything that Format does not write.
[[nodiscard]] std::string FormatReport(const Measured& measured);
[[nodiscard]] StageResult ParseReport(std::string_view text);

}  // namespace colmeia::lab
