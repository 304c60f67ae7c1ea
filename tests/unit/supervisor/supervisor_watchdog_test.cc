// Workers that hang, and drains that pile up: what the master does not wait for.
#include "supervisor/fixture.h"

namespace colmeia::supervisor {
namespace {

class HungWorkerTest : public SupervisorFixture {};

TEST_F(HungWorkerTest, LosesItsSeatAtOnceAndIsKilled) {
  GivenReadyWorkers(2);
  On(Stale{1, 10200ms, false, "state R (running)"});
  EXPECT_THAT(Actions(), ElementsAre("kill 1 with 6", "spawn 2: worker 1 of 1"));
  EXPECT_THAT(Log(), Contains("[alert] worker 1 (pid 102) has shown no sign of life for 10.2 s (state R (running)), "
                              "killing it; replacing it"));
  Forget();
  Advance(99ms);
  EXPECT_THAT(Actions(), IsEmpty());
  Advance(1ms);
  EXPECT_THAT(Actions(), ElementsAre("kill 1 with 9"));
  Forget();
  Dies(1, 0, SIGKILL);
  EXPECT_THAT(Actions(), IsEmpty()) << "it was replaced already";
  EXPECT_THAT(Log(), ElementsAre("[notice] worker 1 (pid 102) was killed by signal 9 (SIGKILL), hung for 10.2 s"));
}

TEST_F(HungWorkerTest, ThatEndsByItsOwnAbortHandlerIsNoSecondAlert) {
  GivenReadyWorkers(1);
  On(Stale{0, 10s, false, ""});
  Forget();
  Dies(0, 0, SIGABRT);
  EXPECT_THAT(Log(), ElementsAre("[notice] worker 0 (pid 101) was killed by signal 6 (SIGABRT), hung for 10 s"));
  Advance(1h);
  EXPECT_EQ(CountOf("kill 0"), 0U);
}

TEST_F(HungWorkerTest, IsKilledOnceHoweverOftenItIsTold) {
  GivenReadyWorkers(1);
  On(Stale{0, 10s, false, ""});
  On(Stale{0, 11s, false, ""});
  EXPECT_EQ(CountOf("kill"), 1U);
  EXPECT_EQ(CountOf("spawn"), 1U);
}

TEST_F(HungWorkerTest, ThatDrainsIsKilledAndNotReplaced) {
  GivenReadyWorkers(2);
  Send(SIGTTOU);
  Forget();
  On(Stale{1, 10s, false, ""});
  EXPECT_THAT(Actions(), ElementsAre("kill 1 with 6"));
  EXPECT_THAT(Log(), ElementsAre("[alert] worker 1 (pid 102) has shown no sign of life for 10 s, killing it"));
}

TEST_F(HungWorkerTest, ThatADebuggerHoldsIsReportedOnceASilence) {
  GivenReadyWorkers(1);
  On(Stale{0, 10s, true, "state t"});
  On(Stale{0, 20s, true, "state t"});
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(), ElementsAre("[alert] worker 0 (pid 101) has shown no sign of life for 10 s (state t); a debugger "
                                 "holds it, so it is left alone"));
  On(Fresh{0});
  On(Stale{0, 10s, true, ""});
  EXPECT_EQ(Log().size(), 2U);
  On(Stale{0, 20s, false, ""});
  EXPECT_THAT(Actions(), Contains("kill 0 with 6"));
}

TEST_F(HungWorkerTest, ThatStartsIsNotTheWatchdogsAffair) {
  GivenSpawnedWorkers(1);
  On(Stale{0, 10s, false, ""});
  On(Stale{7, 10s, false, ""});
  On(Fresh{7});
  On(Stale{7000, 10s, false, ""});
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(HungWorkerTest, FailsAGenerationThatIsOnItsWayUp) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 2);
  BecomesReady(1);
  On(Stale{1, 10s, false, ""});
  EXPECT_THAT(Actions(), Contains(HasSubstr("reloaded 2: 4 worker 0 of generation 2 (pid 102) has shown no sign")));
}

TEST_F(HungWorkerTest, HasItsSeatFilledByAReplacementThatIsOnItsWay) {
  GivenReadyWorkers(1);
  Ask(7, Command::kRestart);
  Forget();
  On(Stale{0, 10s, false, ""});
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 6"));
  BecomesReady(1);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 1 worker replaced, one at a time"));
}

TEST_F(HungWorkerTest, DoesNotHoldUpARollingRestartWhileItDrains) {
  GivenReadyWorkers(2);
  Ask(7, Command::kRestart);
  BecomesReady(2);
  Forget();
  On(Stale{0, 10s, false, ""});
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 6", "spawn 3: worker 1 of 1"));
}

// --- Too many generations ---

class ManyGenerationsTest : public SupervisorFixture {
 protected:
  static PlanPtr Plan(util::Milliseconds shutdown_timeout) {
    auto plan = std::make_shared<ipc::Plan>();
    plan->workers = 1;
    plan->max_generations = 2;
    plan->shutdown_timeout = shutdown_timeout;
    return plan;
  }
  void GivenReload(std::uint32_t generation, util::Milliseconds shutdown_timeout = 0ms) {
    Send(SIGHUP);
    On(Compiled{generation, Plan(shutdown_timeout), ""});
    On(ResourcesOpened{generation});
    Forget();
    BecomesReady(SlotOf(generation, 0));
  }
};

TEST_F(ManyGenerationsTest, HurryTheOldestOne) {
  GivenReadyWorkers(1);
  GivenReload(2);
  GivenReload(3);
  EXPECT_EQ(CountOf("drain 0"), 0U) << "two may drain";
  GivenReload(4);
  EXPECT_THAT(Actions(), Contains("drain 0 within 30000 ms"));
  EXPECT_EQ(CountOf("drain 1"), 0U);
  EXPECT_THAT(Log(), Contains("[notice] generation 1 has to leave within 30 s: more than 2 generations drain "
                              "(max_generations)"));
  Forget();
  Advance(30999ms);
  EXPECT_THAT(Actions(), IsEmpty());
  Advance(1ms);
  EXPECT_THAT(Actions(), Contains("kill 0 with 9"));
  EXPECT_THAT(Log(), ElementsAre("[warn] worker 0 of generation 1 (pid 101) did not leave within 30 s, killing it"));
}

TEST_F(ManyGenerationsTest, LeaveThoseAloneThatHaveALimitOfTheirOwn) {
  GivenReadyWorkers(1, 60s);
  GivenReload(2);
  GivenReload(3);
  GivenReload(4);
  EXPECT_EQ(CountOf("drain 0"), 0U);
  Advance(32s);
  EXPECT_EQ(CountOf("kill"), 0U);
}

}  // namespace
}  // namespace colmeia::supervisor
