// A ChildListener that writes down what it is told, and a loop that turns until something was.
#pragma once

#include <functional>
#include <vector>

#include "gmock/gmock.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "master/children.h"
#include "support/deadline.h"

namespace colmeia::supervisor {

class Recorder final : public master::ChildListener {
 public:
  void OnEvent(Event event) override { events.push_back(std::move(event)); }
  void OnFrame(const master::Party&, channel::Traffic, const channel::FrameInfo&) override {}

  // The first event of this kind, or null.
  template <class Kind>
  [[nodiscard]] const Kind* Find() const {
    for (const Event& event : events) {
      if (const auto* const found = std::get_if<Kind>(&event)) return found;
    }
    return nullptr;
  }

  std::vector<Event> events;
};

// Turns the loop until `condition` holds; the test fails after ten seconds.
inline void TurnUntil(loop::Loop& loop, const std::function<bool()>& condition) {
  bool late = false;
  loop::Timer limit(loop, [&late] { late = true; });
  loop.UpdateTime();
  limit.StartAfter(kTestDeadline);
  while (!late && !condition()) loop.RunOnce();
  ASSERT_FALSE(late) << "it did not happen in time";
}

}  // namespace colmeia::supervisor
