// Scaling, retiring, reopening: what operators ask for while the server serves on.
#include "supervisor/fixture.h"

namespace colmeia::supervisor {
namespace {

// --- Scaling ---

class ScaleTest : public SupervisorFixture {};

TEST_F(ScaleTest, TtinStartsOneWorkerMore) {
  GivenReadyWorkers(2);
  Send(SIGTTIN);
  EXPECT_THAT(Actions(), ElementsAre("spawn 2: worker 2 of 1"));
  EXPECT_THAT(Log(), Contains("[notice] signal 21 (SIGTTIN) received from 456, one worker more: 3 workers wanted"));
  Hello(2);
  EXPECT_THAT(Actions(), Contains("adopt 2: worker 2 of 1, one of 3"));
}

TEST_F(ScaleTest, TtouDrainsTheWorkerOfTheLastSeat) {
  GivenReadyWorkers(3, 5s);
  Send(SIGTTOU);
  EXPECT_THAT(Actions(), ElementsAre("drain 2 within 5000 ms"));
  Forget();
  Dies(2);
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(ScaleTest, NeverGoesBelowOneWorker) {
  GivenReadyWorkers(1);
  Send(SIGTTOU);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 22 (SIGTTOU) received from 456, ignored: there is only one worker"));
}

TEST_F(ScaleTest, LeavesRoomForAReload) {
  GivenReadyWorkers(Supervisor::kMostWorkers);
  Send(SIGTTIN);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(),
              ElementsAre("[notice] signal 21 (SIGTTIN) received from 456, ignored: there are 512 workers already"));
}

TEST_F(ScaleTest, FillsASeatWhoseLastWorkerStillDrains) {
  GivenReadyWorkers(2);
  Send(SIGTTOU);
  Forget();
  Send(SIGTTIN);
  EXPECT_THAT(Actions(), ElementsAre("spawn 2: worker 1 of 1"));
}

TEST_F(ScaleTest, AWorkerMoreThatCannotStartIsABackOffAndNoFailure) {
  GivenReadyWorkers(1);
  Send(SIGTTIN);
  Dies(1, 1);
  EXPECT_TRUE(supervisor.degraded());
  EXPECT_EQ(supervisor.phase(), ServerPhase::kServing);
  Send(SIGTTOU);
  Advance(5s);
  EXPECT_FALSE(supervisor.degraded());
}

TEST_F(ScaleTest, TerminalSignalsDoNotCountUnlessAProcessSentThem) {
  GivenReadyWorkers(2);
  for (const int signal : {SIGWINCH, SIGTTIN, SIGTTOU}) On(Signal{signal, 0, false});
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(), Contains("[debug] signal 28 (SIGWINCH) received, ignored: no process sent it"));
}

TEST_F(ScaleTest, SlotsExhaustedMakesItDegradedUntilOneIsFree) {
  GivenReadyWorkers(500);
  GivenReloadSpawned(2, 500);
  for (std::uint32_t seat = 0; seat < 500; ++seat) BecomesReady(SlotOf(2, seat));
  for (int i = 0; i < 12; ++i) {  // each leaves its slot taken, and wants another
    Send(SIGTTOU);
    Send(SIGTTIN);
  }
  for (int i = 0; i < 12; ++i) Send(SIGTTIN);
  ASSERT_EQ(supervisor.slots().free(), 0U);
  Forget();
  Send(SIGTTOU);
  Send(SIGTTIN);
  EXPECT_TRUE(supervisor.degraded());
  EXPECT_EQ(CountOf("spawn"), 0U);
  Advance(1s);
  EXPECT_EQ(CountOf("spawn"), 0U) << "no timer helps, only a free slot";
  Dies(7);
  EXPECT_THAT(Actions(), Contains("spawn 7: worker 511 of 2"));
}

// --- Retiring ---

class RetireTest : public SupervisorFixture {};

TEST_F(RetireTest, WinchDrainsAllWorkersAndKeepsTheListeners) {
  GivenReadyWorkers(2, 5s);
  Send(SIGWINCH);
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 28 (SIGWINCH) received from 456, gracefully shutting down workers"));
  EXPECT_THAT(Actions(), ElementsAre("drain 0 within 5000 ms", "drain 1 within 5000 ms"));
  Forget();
  for (std::uint32_t slot : {0U, 1U}) {
    Draining(slot);
    Dies(slot);
  }
  Advance(1h);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_EQ(supervisor.phase(), ServerPhase::kServing);
  EXPECT_FALSE(supervisor.degraded());
}

TEST_F(RetireTest, AReloadBringsWorkersBack) {
  GivenReadyWorkers(1);
  Send(SIGWINCH);
  Dies(0);
  GivenReloadSpawned(2, 1);
  BecomesReady(0);
  EXPECT_THAT(Actions(), ElementsAre("adopt 0: worker 0 of 2, one of 1", "promote 2", "reloaded 2: 0", "close 1"));
}

TEST_F(RetireTest, AFailedReloadSaysThatNobodyServes) {
  GivenReadyWorkers(1);
  Send(SIGWINCH);
  Dies(0);
  Send(SIGHUP);
  On(Compiled{2, nullptr, "x.conf:1:1: oops"});
  EXPECT_THAT(
      Log(), Contains("[emerg] generation 2 failed to compile, generation 1 stays, without workers: x.conf:1:1: oops"));
}

TEST_F(RetireTest, ScalingARetiredServerIsRefused) {
  GivenReadyWorkers(1);
  Send(SIGWINCH);
  Forget();
  Send(SIGTTIN);
  Send(SIGWINCH);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(),
              ElementsAre("[notice] signal 21 (SIGTTIN) received from 456, ignored: workers were retired, reload to "
                          "have them back",
                          "[notice] signal 28 (SIGWINCH) received from 456, ignored: no workers are left"));
}

TEST_F(RetireTest, QuitAfterWinchLeaves) {
  GivenReadyWorkers(1);
  Send(SIGWINCH);
  Dies(0);
  Forget();
  Send(SIGQUIT);
  EXPECT_THAT(Actions(), ElementsAre("close 1", "leave 0"));
}

// --- Reopening ---

class ReopenTest : public SupervisorFixture {};

TEST_F(ReopenTest, IsDoneWhenAllWorkersHaveAnswered) {
  GivenReadyWorkers(2);
  Send(SIGUSR1);
  EXPECT_THAT(Actions(), ElementsAre("reopen-logs"));
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 10 (SIGUSR1) received from 456, reopening logs"));
  Forget();
  On(LogsReopened{{{0, 11}, {0, 12}, {1, 11}, {1, 12}}, {}, 2});
  for (const std::uint32_t sequence : {11U, 12U}) {
    EXPECT_THAT(Log(), IsEmpty());
    On(Received{0, ipc::Done{}, sequence});
    On(Received{1, ipc::Done{}, sequence});
  }
  EXPECT_THAT(Log(), ElementsAre("[notice] 2 log files reopened, 2 workers switched"));
  EXPECT_EQ(supervisor.NextDeadline(), std::nullopt);
}

TEST_F(ReopenTest, TellsWhichFilesFailed) {
  GivenReadyWorkers(1);
  Send(SIGUSR1);
  Forget();
  On(LogsReopened{{}, {"open() \"/var/log/a.log\" failed (13: Permission denied)"}, 0});
  EXPECT_THAT(Log(),
              ElementsAre("[error] log file not reopened, the old one stays in use: open() \"/var/log/a.log\" failed "
                          "(13: Permission denied)",
                          "[notice] 0 log files reopened, 0 workers switched"));
}

TEST_F(ReopenTest, TellsWhoDidNotSwitchInTime) {
  GivenReadyWorkers(2);
  Send(SIGUSR1);
  On(LogsReopened{{{0, 11}, {1, 11}}, {}, 1});
  On(Received{0, ipc::Done{}, 11});
  Forget();
  Advance(5s);
  EXPECT_THAT(Log(), ElementsAre("[error] worker 1 (pid 102) has not switched to the reopened log files within 5 s",
                                 "[notice] 1 log file reopened, 1 worker switched"));
}

TEST_F(ReopenTest, DoesNotWaitForTheDead) {
  GivenReadyWorkers(2);
  Send(SIGUSR1);
  On(LogsReopened{{{0, 11}, {1, 11}}, {}, 1});
  On(Received{0, ipc::Done{}, 11});
  Dies(1, 1);
  EXPECT_THAT(Log(), Contains("[notice] 1 log file reopened, 1 worker switched"));
}

TEST_F(ReopenTest, HappensOnceMoreWhenAskedMeanwhile) {
  GivenReadyWorkers(1);
  Send(SIGUSR1);
  Send(SIGUSR1);
  Send(SIGUSR1);
  EXPECT_EQ(CountOf("reopen-logs"), 1U);
  On(LogsReopened{{}, {}, 1});
  EXPECT_EQ(CountOf("reopen-logs"), 2U);
  On(LogsReopened{{}, {}, 1});
  EXPECT_EQ(CountOf("reopen-logs"), 2U);
}

TEST_F(ReopenTest, WorksWhileDrainingAndNotWhileStopping) {
  GivenReadyWorkers(1);
  Send(SIGQUIT);
  Send(SIGUSR1);
  On(LogsReopened{{{0, 11}}, {}, 1});
  On(Received{0, ipc::Done{}, 11});
  EXPECT_THAT(Log(), Contains("[notice] 1 log file reopened, 1 worker switched"));
  Send(SIGTERM);
  Forget();
  Send(SIGUSR1);
  EXPECT_THAT(Actions(), IsEmpty());
}

// --- Others ---

class OtherSignalTest : public SupervisorFixture {};

TEST_F(OtherSignalTest, UnknownSignalsAreNoticed) {
  GivenReadyWorkers(1);
  Send(SIGALRM);
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 14 (SIGALRM) received from 456, ignored"));
}

}  // namespace
}  // namespace colmeia::supervisor
