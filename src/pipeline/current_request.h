// Serving: the line of the request that the worker is working at, for the report of a crash.
//
// A signal handler of the same thread may read it at any moment. Setting it is two stores.
#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>

namespace colmeia::pipeline {

class CurrentRequest {
 public:
  // From its birth to its death `line` is what is being served. The bytes are lent for as long.
  class Scope {
   public:
    Scope(CurrentRequest& serving, std::string_view line) : serving_(serving), outer_(serving.line()) {
      serving_.Set(line);
    }
    ~Scope() { serving_.Set(outer_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    CurrentRequest& serving_;
    std::string_view outer_;  // what is served again afterwards: a child exchange runs while its parent is served
  };

  // Empty when nothing is being served. Safe in a signal handler.
  [[nodiscard]] std::string_view line() const {
    const std::size_t size = size_.load(std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_acquire);
    return {data_.load(std::memory_order_relaxed), size};
  }

 private:
  // The handler sees an old line, none, or the new one; never one's start with the other's length.
  void Set(std::string_view line) {
    size_.store(0, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_release);
    data_.store(line.data(), std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_release);
    size_.store(line.size(), std::memory_order_relaxed);
  }

  std::atomic<const char*> data_{nullptr};
  std::atomic<std::size_t> size_{0};
};

}  // namespace colmeia::pipeline
