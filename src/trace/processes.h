// The processes that appear in events, each once, in the order in which a chart shows them: the operator, the master,
// then children as they come.
//
// A worker is told from the one that had its slot before by its pid.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "trace/event.h"

namespace colmeia::trace {

class Processes {
 public:
  struct Process {
    std::string id;     // letters, digits and underscores
    std::string label;  // for people
  };

  explicit Processes(const std::vector<Event>& events);

  // All of them; the operator is left out when no event has to do with it.
  [[nodiscard]] const std::vector<Process>& all() const { return all_; }

  // Places in all(). REQUIRES: the event is one of those given.
  [[nodiscard]] std::size_t master() const { return master_; }
  [[nodiscard]] std::size_t PeerOf(const Event& event) const;  // the master's where an event has none

 private:
  std::vector<Process> all_;
  std::size_t master_ = 0;
};

}  // namespace colmeia::trace
