#include "pipeline/exchange_pool.h"

#include <utility>

#include "pipeline/exchange.h"

namespace colmeia::pipeline {

ExchangePool::ExchangePool() = default;
ExchangePool::~ExchangePool() = default;

std::unique_ptr<Exchange> ExchangePool::Take() {
  if (spare_.empty()) return std::make_unique<Exchange>();
  std::unique_ptr<Exchange> exchange = std::move(spare_.back());
  spare_.pop_back();
  return exchange;
}

void ExchangePool::Release(std::unique_ptr<Exchange> exchange) {
  exchange->Reset();
  if (spare_.size() < kKept) spare_.push_back(std::move(exchange));
}

}  // namespace colmeia::pipeline
