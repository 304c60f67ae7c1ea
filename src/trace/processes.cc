#include "trace/processes.h"

#include <algorithm>

#include <fmt/core.h>

#include "trace/text.h"
#include "util/check.h"

namespace colmeia::trace {
namespace {

std::string IdOf(const Event& event) {
  switch (event.peer) {
    case Peer::kOperator:
      return "operator";
    case Peer::kCompiler:
      return fmt::format("compiler_{}", event.generation);
    case Peer::kWorker:
      return fmt::format("worker_{}_{}", event.slot, event.pid);
    case Peer::kSuccessor:
      return "new_master";
    case Peer::kNone:
      break;
  }
  return "master";
}

}  // namespace

Processes::Processes(const std::vector<Event>& events) {
  const bool operated =
      std::any_of(events.begin(), events.end(), [](const Event& event) { return event.peer == Peer::kOperator; });
  if (operated) all_.push_back({"operator", "operator"});
  master_ = all_.size();
  all_.push_back({"master", "master"});
  for (const Event& event : events) {
    const std::string id = IdOf(event);
    const bool known = std::any_of(all_.begin(), all_.end(), [&](const Process& one) { return one.id == id; });
    if (!known) all_.push_back({id, ProcessText(event)});
  }
}

std::size_t Processes::PeerOf(const Event& event) const {
  const std::string id = IdOf(event);
  const auto at = std::find_if(all_.begin(), all_.end(), [&](const Process& one) { return one.id == id; });
  CHECK(at != all_.end());
  return static_cast<std::size_t>(at - all_.begin());
}

}  // namespace colmeia::trace
