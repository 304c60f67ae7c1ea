// Stopping, scaling, retiring, reopening: what operators ask for while the server serves.
#include "master/fixture.h"

namespace colmeia::master {
namespace {

class StopTest : public SupervisorFixture {};

TEST_F(StopTest, TermStopsAllWorkersAndLeavesWhenTheyAreGone) {
  GivenReadyWorkers(2);
  Send(SIGTERM);
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 15 (SIGTERM) received from 456, exiting"));
  EXPECT_THAT(Actions(), ElementsAre("stop 0 within 3000 ms", "stop 1 within 3000 ms"));
  EXPECT_THAT(States(), ElementsAre("0 draining", "1 draining"));
  EXPECT_THAT(Server(), ElementsAre("stopping 1"));
  Forget();
  Dies(0);
  EXPECT_THAT(Actions(), IsEmpty());
  Dies(1);
  EXPECT_THAT(Actions(), ElementsAre("close-listeners 1", "close 1", "leave 0"));
  EXPECT_THAT(Log(), ElementsAre("[notice] worker 0 (pid 101) exited with code 0",
                                 "[notice] worker 1 (pid 102) exited with code 0", "[notice] exit"));
}

TEST_F(StopTest, IntIsTheSameAsTerm) {
  GivenReadyWorkers(1);
  Send(SIGINT, 0);
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 2 (SIGINT) received, exiting"));
  EXPECT_THAT(Actions(), ElementsAre("stop 0 within 3000 ms"));
}

TEST_F(StopTest, TermKillsAfterThreeSeconds) {
  GivenReadyWorkers(2);
  Send(SIGTERM);
  Dies(0);
  Forget();
  Advance(2999ms);
  EXPECT_THAT(Actions(), IsEmpty());
  Advance(1ms);
  EXPECT_THAT(Actions(), ElementsAre("kill 1 with 9", "close-listeners 1"));
  EXPECT_THAT(Log(), ElementsAre("[warn] worker 1 (pid 102) did not leave within 3 s, killing it"));
  Forget();
  Dies(1, 0, SIGKILL);
  EXPECT_THAT(Actions(), ElementsAre("close 1", "leave 0"));
}

TEST_F(StopTest, ASecondTermKillsAtOnce) {
  GivenReadyWorkers(2);
  Send(SIGTERM);
  Forget();
  Send(SIGTERM);
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "kill 1 with 9", "close-listeners 1"));
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 15 (SIGTERM) received from 456, killing the workers that are left"));
  Forget();
  Send(SIGTERM);
  EXPECT_THAT(Actions(), IsEmpty()) << "killed once";
}

TEST_F(StopTest, QuitDrainsAllWorkersAndCloses) {
  GivenReadyWorkers(2, 30s);
  Send(SIGQUIT);
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 3 (SIGQUIT) received from 456, shutting down"));
  EXPECT_THAT(Actions(), ElementsAre("drain 0 within 30000 ms", "drain 1 within 30000 ms"));
  EXPECT_THAT(Server(), ElementsAre("draining 1"));
  Forget();
  Draining(0, 1);
  Draining(1, 0);
  EXPECT_THAT(Actions(), ElementsAre("close-listeners 1"));
  Forget();
  Dies(1);
  Dies(0);
  EXPECT_THAT(Actions(), ElementsAre("close 1", "leave 0"));
}

TEST_F(StopTest, QuitKillsASecondAfterTheShutdownTimeout) {
  GivenReadyWorkers(1, 4s);
  Send(SIGQUIT);
  Forget();
  Advance(4999ms);
  EXPECT_THAT(Actions(), IsEmpty());
  Advance(1ms);
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "close-listeners 1"));
}

TEST_F(StopTest, QuitWaitsForEverWithoutAShutdownTimeout) {
  GivenReadyWorkers(1);
  Send(SIGQUIT);
  Forget();
  Advance(240h);
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(StopTest, QuitDoesNotReplaceWorkersThatDie) {
  GivenReadyWorkers(2);
  Send(SIGQUIT);
  Forget();
  Dies(0, 0, SIGABRT);
  Advance(1min);
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(StopTest, TermAfterQuitEscalates) {
  GivenReadyWorkers(1, 30s);
  Send(SIGQUIT);
  Forget();
  Send(SIGTERM);
  EXPECT_THAT(Actions(), ElementsAre("stop 0 within 3000 ms"));
  Forget();
  Advance(3s);
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "close-listeners 1"));
}

TEST_F(StopTest, TermAfterQuitDoesNotProlongADrain) {
  GivenReadyWorkers(1, 4s);
  Send(SIGQUIT);
  Advance(4s);
  Send(SIGTERM);
  Forget();
  Advance(1s);
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "close-listeners 1"));
}

TEST_F(StopTest, QuitAfterQuitOrTermChangesNothing) {
  GivenReadyWorkers(1);
  Send(SIGQUIT);
  Forget();
  Send(SIGQUIT);
  Send(SIGTERM);
  Send(SIGQUIT);
  EXPECT_THAT(Actions(), ElementsAre("stop 0 within 3000 ms"));
  EXPECT_THAT(Log(),
              ElementsAre("[notice] signal 3 (SIGQUIT) received from 456, ignored: the server is stopping already",
                          "[notice] signal 15 (SIGTERM) received from 456, exiting",
                          "[notice] signal 3 (SIGQUIT) received from 456, ignored: the server is stopping already"));
}

TEST_F(StopTest, TermAlsoStopsGenerationsThatDrain) {
  GivenReadyWorkers(1, 1h);
  GivenReloadSpawned(2, 1);
  BecomesReady(1);
  Forget();
  Send(SIGTERM);
  EXPECT_THAT(Actions(), ElementsAre("stop 0 within 3000 ms", "stop 1 within 3000 ms"));
}

TEST_F(StopTest, ForgetsSeatsThatWaitForTheirBackOff) {
  GivenReadyWorkers(2);
  Dies(1, 1);
  Dies(1, 1);
  Send(SIGTERM);
  Forget();
  Dies(0);
  EXPECT_THAT(Actions(), ElementsAre("close-listeners 1", "close 1", "leave 0"));
}

TEST_F(StopTest, LeavesAtOnceWithoutWorkers) {
  GivenReadyWorkers(1);
  Dies(0, 1);
  Dies(0, 1);
  Forget();
  Send(SIGTERM);
  EXPECT_THAT(Actions(), ElementsAre("close 1", "leave 0"));
}

TEST_F(StopTest, DoesNotTellWorkersThatAreGoneAlready) {
  GivenReadyWorkers(2);
  Closes(0);
  Forget();
  Send(SIGTERM);
  EXPECT_THAT(Actions(), ElementsAre("stop 1 within 3000 ms"));
  Exits(0, 1);
  EXPECT_EQ(CountOf("spawn"), 0U);
}

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
  EXPECT_EQ(supervisor.phase(), Phase::kServing);
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
  EXPECT_EQ(supervisor.phase(), Phase::kServing);
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

TEST_F(StopTest, Usr2IsRefusedLoudly) {
  GivenReadyWorkers(1);
  Send(SIGUSR2);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(),
              ElementsAre("[error] signal 12 (SIGUSR2) received from 456, ignored: this version cannot hand over to "
                          "a new binary"));
}

TEST_F(StopTest, UnknownSignalsAreNoticed) {
  GivenReadyWorkers(1);
  Send(SIGALRM);
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 14 (SIGALRM) received from 456, ignored"));
}

}  // namespace
}  // namespace colmeia::master
