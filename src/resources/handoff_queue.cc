#include "resources/handoff_queue.h"

#include <algorithm>
#include <utility>

namespace colmeia::resources {

void HandoffQueue::Join(std::uint32_t slot, std::uint32_t generation) {
  Worker& worker = workers_[slot];
  worker.generation = generation;
  worker.takes = true;
}

void HandoffQueue::Leave(std::uint32_t slot) {
  if (const auto at = workers_.find(slot); at != workers_.end()) at->second.takes = false;
}

std::vector<QueuedClient> HandoffQueue::Gone(std::uint32_t slot) {
  std::vector<QueuedClient> clients;
  const auto worker = workers_.extract(slot);
  if (worker.empty()) return clients;
  for (Sending& sending : worker.mapped().ahead) clients.push_back(std::move(sending.client));
  return clients;
}

std::optional<std::uint32_t> HandoffQueue::Next(std::uint32_t generation) const {
  const auto has_room = [generation](const auto& entry) {
    const Worker& worker = entry.second;
    return worker.takes && worker.generation == generation && worker.ahead.size() < kMostAhead;
  };
  const auto after = workers_.upper_bound(last_);
  auto next = std::find_if(after, workers_.end(), has_room);
  if (next == workers_.end()) {
    next = std::find_if(workers_.begin(), after, has_room);
    if (next == after) return std::nullopt;
  }
  return next->first;
}

void HandoffQueue::Sent(std::uint32_t slot, std::uint32_t sequence, QueuedClient client) {
  last_ = slot;
  workers_[slot].ahead.push_back({sequence, std::move(client)});
}

bool HandoffQueue::Taken(std::uint32_t slot, std::uint32_t sequence) {
  const auto worker = workers_.find(slot);
  return worker != workers_.end() && std::erase_if(worker->second.ahead, [sequence](const Sending& sending) {
                                       return sending.sequence == sequence;
                                     }) > 0;
}

bool HandoffQueue::Awaits(std::uint32_t slot, std::uint32_t sequence) const {
  const auto worker = workers_.find(slot);
  if (worker == workers_.end()) return false;
  const std::deque<Sending>& ahead = worker->second.ahead;
  return std::any_of(ahead.begin(), ahead.end(),
                     [sequence](const Sending& sending) { return sending.sequence == sequence; });
}

std::size_t HandoffQueue::ahead(std::uint32_t slot) const {
  const auto worker = workers_.find(slot);
  return worker == workers_.end() ? 0 : worker->second.ahead.size();
}

}  // namespace colmeia::resources
