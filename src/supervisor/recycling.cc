#include "supervisor/recycling.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace colmeia::supervisor {
namespace {

double Part(std::uint64_t value, std::uint64_t limit) {
  return static_cast<double>(value) / static_cast<double>(limit);
}

}  // namespace

std::vector<Due> FindDue(const std::vector<Served>& workers,
                         const std::function<std::optional<std::uint64_t>(pid_t)>& resident) {
  std::vector<std::pair<double, Due>> found;
  for (const Served& worker : workers) {
    double part = 0;
    std::string why;
    if (worker.max_requests != 0 && worker.requests >= worker.max_requests) {
      part = Part(worker.requests, worker.max_requests);
      why = fmt::format("has served {} requests (worker_max_requests {})", worker.requests, worker.max_requests);
    }
    if (worker.max_memory != 0) {
      const std::uint64_t memory = resident(worker.pid).value_or(0);
      if (memory >= worker.max_memory && Part(memory, worker.max_memory) > part) {
        part = Part(memory, worker.max_memory);
        why = fmt::format("has {} KiB of memory resident (worker_max_memory {} KiB)", memory / 1024,
                          worker.max_memory / 1024);
      }
    }
    if (!why.empty()) found.push_back({part, Due{worker.slot, std::move(why)}});
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Due> due;
  for (auto& [part, one] : found) due.push_back(std::move(one));
  return due;
}

}  // namespace colmeia::supervisor
