// Opening: opens what a generation needs, and tries again for a little while when an address is taken.
//
// After a restart the former server's workers may still be about to close their sockets. So a taken address is tried
// again by timer, without holding anything up, for kPatience; then the error names the process that holds it. A reload
// has the sockets of its server already, and its client waits for the result: it gives up earlier.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "ipc/plan.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "resources/resources.h"
#include "util/clock.h"
#include "util/result.h"

namespace colmeia::resources {

class Opening {
 public:
  static constexpr util::Milliseconds kPatience{900};
  static constexpr util::Milliseconds kPatienceOfReload{400};
  static constexpr util::Milliseconds kInterval{50};

  using Done = std::function<void(Result<>)>;

  // Both must outlive it.
  Opening(loop::Loop& loop, Resources& resources) : loop_(loop), resources_(resources) {}

  // Calls `done` once, at once or from the loop; not at all after Cancel(). `done` may start or cancel others.
  void Open(std::uint32_t generation, std::shared_ptr<const ipc::Plan> plan, Done done);

  // Gives up: nothing of that generation is open. Harmless when it is not under way.
  void Cancel(std::uint32_t generation);

 private:
  struct Attempt {
    std::shared_ptr<const ipc::Plan> plan;
    Done done;
    util::TimePoint until;
    std::unique_ptr<loop::Timer> timer;
  };
  void Try(std::uint32_t generation);

  loop::Loop& loop_;      // outlives this
  Resources& resources_;  // outlives this
  std::map<std::uint32_t, Attempt> attempts_;
};

}  // namespace colmeia::resources
