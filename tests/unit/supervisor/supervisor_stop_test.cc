// Stopping: fast, gracefully, and by force.
#include "supervisor/fixture.h"

namespace colmeia::supervisor {
namespace {

class StopTest : public SupervisorFixture {};

TEST_F(StopTest, TermStopsAllWorkersAndLeavesWhenTheyAreGone) {
  GivenReadyWorkers(2);
  Send(SIGTERM);
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 15 (SIGTERM) received from 456, exiting"));
  EXPECT_THAT(Actions(), ElementsAre("stop 0 within 3000 ms", "stop 1 within 3000 ms"));
  EXPECT_THAT(States(), ElementsAre("0 draining", "1 draining"));
  EXPECT_THAT(Server(), ElementsAre("stopping 1 ending"));
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
  EXPECT_THAT(Actions(), ElementsAre("remove-listeners 1", "drain 0 within 30000 ms", "drain 1 within 30000 ms"));
  EXPECT_THAT(Server(), ElementsAre("draining 1 ending"));
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

}  // namespace
}  // namespace colmeia::supervisor
