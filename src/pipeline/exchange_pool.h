// ExchangePool: exchanges that are not in use, for those that a connection has no place for: the children of others
// (pipeline/child.h). Warm, making a child allocates little.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace colmeia::pipeline {

class Exchange;

class ExchangePool {
 public:
  // Kept for later; more than so many are freed.
  static constexpr std::size_t kKept = 16;

  ExchangePool();
  ~ExchangePool();
  ExchangePool(const ExchangePool&) = delete;
  ExchangePool& operator=(const ExchangePool&) = delete;

  // As after Exchange::Reset().
  [[nodiscard]] std::unique_ptr<Exchange> Take();
  // Resets it.
  void Release(std::unique_ptr<Exchange> exchange);

 private:
  std::vector<std::unique_ptr<Exchange>> spare_;
};

}  // namespace colmeia::pipeline
