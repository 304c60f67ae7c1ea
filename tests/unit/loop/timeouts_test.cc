#include "loop/timeouts.h"
#include "manual_clock.h"

#include <functional>
#include <vector>

#include <gmock/gmock.h>

namespace colmeia::loop {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct Waiter final : TimeoutListener {
  explicit Waiter(std::function<void()> then) : then_(std::move(then)) {}
  void OnTimeout() override { then_(); }
  std::function<void()> then_;
};

class TimeoutsTest : public testing::Test {
 protected:
  ~TimeoutsTest() override {
    for (Waiter* waiter : {&a, &b, &c}) timeouts.Disarm(*waiter);
  }
  void Advance(util::Milliseconds by) {
    clock.Advance(by);
    timeouts.Expire(clock.Now());
  }

  util::ManualClock clock;
  const util::TimePoint start = clock.Now();
  std::vector<util::Duration> scheduled;
  Timeouts timeouts{[this](util::TimePoint when) { scheduled.push_back(when - start); }};
  std::vector<char> fired;
  Waiter a{[this] { fired.push_back('a'); }};
  Waiter b{[this] { fired.push_back('b'); }};
  Waiter c{[this] { fired.push_back('c'); }};
};

TEST_F(TimeoutsTest, CallsEachWhenItsTimeIsUpAndNotBefore) {
  timeouts.Arm(a, 30ms, clock.Now());
  timeouts.Arm(b, 10ms, clock.Now());

  Advance(9ms);
  EXPECT_THAT(fired, IsEmpty());
  Advance(1ms);
  EXPECT_THAT(fired, ElementsAre('b'));
  Advance(20ms);
  EXPECT_THAT(fired, ElementsAre('b', 'a'));
  EXPECT_EQ(timeouts.armed(), 0u);
}

TEST_F(TimeoutsTest, ArmingAgainPutsItOff) {
  timeouts.Arm(a, 10ms, clock.Now());
  timeouts.Arm(b, 10ms, clock.Now());
  Advance(5ms);
  timeouts.Arm(a, 10ms, clock.Now());

  Advance(5ms);
  EXPECT_THAT(fired, ElementsAre('b'));
  Advance(5ms);
  EXPECT_THAT(fired, ElementsAre('b', 'a'));
}

TEST_F(TimeoutsTest, DisarmedIsForgotten) {
  timeouts.Arm(a, 10ms, clock.Now());
  timeouts.Arm(b, 10ms, clock.Now());
  timeouts.Disarm(a);

  Advance(10ms);

  EXPECT_THAT(fired, ElementsAre('b'));
  EXPECT_FALSE(a.armed());
}

TEST_F(TimeoutsTest, KeepsOneListForEachLength) {
  timeouts.Arm(a, 10ms, clock.Now());
  timeouts.Arm(b, 20ms, clock.Now());
  timeouts.Arm(c, 10ms, clock.Now());

  EXPECT_EQ(timeouts.lengths(), 2u);
}

TEST_F(TimeoutsTest, AsksForATimerOnlyWhenTheNextTimeComesNearer) {
  timeouts.Arm(a, 20ms, clock.Now());
  timeouts.Arm(a, 30ms, clock.Now());
  timeouts.Arm(b, 10ms, clock.Now());

  EXPECT_THAT(scheduled, ElementsAre(20ms, 10ms));
  Advance(10ms);
  EXPECT_THAT(scheduled, ElementsAre(20ms, 10ms, 30ms));
}

TEST_F(TimeoutsTest, ACallbackMayDisarmOthersAndArmItself) {
  a.then_ = [this] {
    fired.push_back('a');
    timeouts.Disarm(b);
    timeouts.Arm(a, 0ms, clock.Now());
  };
  timeouts.Arm(a, 10ms, clock.Now());
  timeouts.Arm(b, 10ms, clock.Now());
  timeouts.Arm(c, 10ms, clock.Now());

  Advance(10ms);

  EXPECT_THAT(fired, testing::Contains('c'));
  EXPECT_THAT(fired, testing::Not(testing::Contains('b')));
  EXPECT_TRUE(a.armed());
}

}  // namespace
}  // namespace colmeia::loop
