// Mender: listening sockets that have stopped listening are opened anew, and handed to the workers that have them.
//
// A listening socket is shared: by workers, by the master, maybe by a service manager or a new binary. A process that
// has it can shut it down for all, and then clients are refused while every worker believes to serve. So it is looked
// at when a worker says that it accepts no more, when the master itself accepts in vain, and before a socket is used
// again: for another worker, a reload, a new binary.
//
// At most one round of mending a second, and one line of the log in ten: one that shuts sockets down all the time gains
// nothing but that.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "log/level.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "resources/resources.h"
#include "util/clock.h"
#include "util/seldom.h"

namespace colmeia::resources {

class Mender {
 public:
  static constexpr util::Milliseconds kBetween{1000};  // from one round in which something was found to the next
  static constexpr util::Milliseconds kTellEvery{10'000};

  // These sockets of a listener are new: sends them to the workers that they belong to, and returns to how many
  // workers.
  using HandOut = std::function<std::size_t(const OpenListener& listener, const std::vector<std::size_t>& sockets)>;

  // Both must outlive it.
  Mender(loop::Loop& loop, Resources& resources, HandOut hand_out);

  // Looks at all listeners, now or, shortly after a round in which something was found, when that may be.
  void Look();
  // The same without waiting: an operator does.
  void LookNow();

  // The listener was mended so short a time ago that what a worker says may be about the socket before.
  [[nodiscard]] bool MendedLately(const OpenListener& listener) const;

 private:
  void Mend(OpenListener& listener, const std::vector<std::size_t>& deaf);
  void Tell(log::Level level, const std::string& text);

  loop::Loop& loop_;      // outlives this
  Resources& resources_;  // outlives this
  HandOut hand_out_;
  loop::Timer next_;     // active: something was found lately
  bool wanted_ = false;  // to look again when it ends
  util::Seldom tell_{kTellEvery};
};

}  // namespace colmeia::resources
