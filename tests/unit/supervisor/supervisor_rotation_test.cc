// Workers that are replaced while they serve: rolling restart, recycling, the draining of one.
#include "supervisor/fixture.h"

namespace colmeia::supervisor {
namespace {

class RotationTest : public SupervisorFixture {};

TEST_F(RotationTest, RestartReplacesOneAfterTheOther) {
  GivenReadyWorkers(2, 5s);
  Ask(7, Command::kRestart);
  EXPECT_THAT(Actions(), ElementsAre("spawn 2: worker 0 of 1"));
  EXPECT_THAT(Log(), Contains("[notice] worker 0 (pid 101) is restarted; starting its replacement"));
  Forget();
  BecomesReady(2);
  EXPECT_THAT(Actions(), ElementsAre("adopt 2: worker 0 of 1, one of 2", "drain 0 within 5000 ms"));
  Forget();
  Draining(0);
  Dies(0);
  EXPECT_THAT(Actions(), ElementsAre("spawn 0: worker 1 of 1"));
  Forget();
  BecomesReady(0);
  EXPECT_THAT(Actions(), ElementsAre("adopt 0: worker 1 of 1, one of 2", "drain 1 within 5000 ms"));
  EXPECT_THAT(Replies(), IsEmpty());
  Dies(1);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 2 workers replaced, one at a time"));
  Advance(1h);
  EXPECT_EQ(CountOf("spawn"), 0U);
}

TEST_F(RotationTest, RestartStopsAtTheFirstFailureAndKeepsTheOldWorker) {
  GivenReadyWorkers(2);
  Ask(7, Command::kRestart);
  Hello(2);
  Failed(2, "setgid(33) failed");
  Forget();
  Dies(2, 2);
  EXPECT_THAT(Actions(),
              ElementsAre("reply 7: 5 worker 0 (pid 101) keeps serving, its replacement exited with code 2 before it "
                          "was ready: setgid(33) failed"));
  Advance(1h);
  EXPECT_EQ(CountOf("spawn"), 0U);
  EXPECT_EQ(CountOf("drain"), 0U);
}

TEST_F(RotationTest, RestartStopsWhenTheReplacementIsNotReadyInTime) {
  GivenReadyWorkers(1);
  Ask(7, Command::kRestart);
  Advance(10s);
  EXPECT_THAT(Actions(), Contains("kill 1 with 9"));
  Dies(1, 0, SIGKILL);
  EXPECT_THAT(Replies(), ElementsAre(HasSubstr("reply 7: 5 worker 0 (pid 101) keeps serving")));
}

TEST_F(RotationTest, RestartStopsWhenTheReplacementCannotBeSpawned) {
  GivenReadyWorkers(1);
  spawns_fail = true;
  Ask(7, Command::kRestart);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 5 worker 0 (pid 101) keeps serving, its replacement could not be "
                                     "spawned: fork: Resource temporarily unavailable"));
  EXPECT_FALSE(supervisor.degraded());
}

TEST_F(RotationTest, RestartStopsWhenThoseThatWereReplacedDoNotStay) {
  GivenReadyWorkers(2);
  Ask(7, Command::kRestart);
  BecomesReady(2);
  Dies(0);
  Forget();
  Dies(2, 0, SIGSEGV);  // worker 0, replaced at once
  Dies(2, 1);           // and that one never starts
  EXPECT_THAT(Replies(), ElementsAre(HasSubstr("reply 7: 5 the restart stopped: degraded: 1 of 2 workers serve")));
}

TEST_F(RotationTest, AReplacementFillsTheSeatOfAWorkerThatDiesMeanwhile) {
  GivenReadyWorkers(1);
  Ask(7, Command::kRestart);
  Forget();
  Dies(0, 0, SIGSEGV);
  EXPECT_EQ(CountOf("spawn"), 0U) << "one is on its way";
  EXPECT_EQ(SlotOf(1, 0), 1U);
  BecomesReady(1);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 1 worker replaced, one at a time"));
  EXPECT_EQ(CountOf("drain"), 0U);
}

TEST_F(RotationTest, AWorkerThatDiesBeforeItsTurnIsNotReplacedTwice) {
  GivenReadyWorkers(2);
  Ask(7, Command::kRestart);
  Dies(1, 0, SIGSEGV);  // its replacement takes slot 1
  BecomesReady(1);
  BecomesReady(2);
  Forget();
  Dies(0);
  EXPECT_EQ(CountOf("spawn"), 0U);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 2 workers replaced, one at a time"));
}

TEST_F(RotationTest, DoesNotWaitForAClientThatNeverEnds) {
  GivenReadyWorkers(2);
  Ask(7, Command::kRestart);
  BecomesReady(2);
  Forget();
  Advance(30s);
  EXPECT_THAT(Actions(), ElementsAre("spawn 3: worker 1 of 1"));
  EXPECT_THAT(Log(), Contains("[notice] worker 0 (pid 101) still drains after 30 s, going on with the next one"));
}

TEST_F(RotationTest, AReloadReplacesEverybodyAnyway) {
  GivenReadyWorkers(2);
  Ask(7, Command::kRestart);
  GivenReloadSpawned(2, 1);
  BecomesReady(2);  // the replacement of worker 0
  Dies(0);
  EXPECT_EQ(CountOf("spawn"), 0U) << "no rotation begins while a generation is on its way up";
  BecomesReady(3);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 a reload replaced all workers: generation 2 serves with 1 worker, "
                                     "generation 1 drains"));
}

TEST_F(RotationTest, AStopEndsTheReplacementToo) {
  GivenReadyWorkers(1);
  Ask(7, Command::kRestart);
  Forget();
  Send(SIGQUIT);
  EXPECT_THAT(Actions(), ElementsAre("reply 7: 5 the server was told to stop by signal 3 (SIGQUIT)",
                                     "remove-listeners 1", "drain 0 within 0 ms", "kill 1 with 9"));
}

TEST_F(RotationTest, ASeatThatIsGivenUpMeanwhileTakesBothWithIt) {
  GivenReadyWorkers(2);
  On(Recycle{1, "has grown"});
  Forget();
  Send(SIGTTOU);
  EXPECT_THAT(Actions(), ElementsAre("drain 1 within 0 ms", "kill 2 with 9"));
  Dies(2, 0, SIGKILL);
  Dies(1);
  EXPECT_EQ(CountOf("spawn"), 0U);
}

TEST_F(RotationTest, RestartIsRefusedWithoutWorkers) {
  GivenReadyWorkers(1);
  Send(SIGWINCH);
  Ask(7, Command::kRestart);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 5 no workers are left, reload to have them back"));
}

// --- Draining one ---

TEST_F(RotationTest, DrainIsAnsweredWhenTheWorkerIsGone) {
  GivenReadyWorkers(2);
  Ask(7, Command::kDrain, 1);
  EXPECT_THAT(Actions(), ElementsAre("spawn 2: worker 1 of 1"));
  EXPECT_THAT(Log(), Contains("[notice] drain requested by 456: worker 1 (pid 102) leaves once its replacement is "
                              "ready"));
  BecomesReady(2);
  EXPECT_THAT(Actions(), Contains("drain 1 within 0 ms"));
  EXPECT_THAT(Replies(), IsEmpty());
  Dies(1);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 worker 1 (pid 102) is gone, 2 workers serve"));
}

TEST_F(RotationTest, DrainOfAnEmptySlotIsRefused) {
  GivenReadyWorkers(1);
  Ask(7, Command::kDrain, 5);
  Ask(8, Command::kDrain, 5000);
  EXPECT_THAT(Replies(),
              ElementsAre("reply 7: 1 no worker lives in slot 5", "reply 8: 1 no worker lives in slot 5000"));
}

TEST_F(RotationTest, DrainOfAWorkerOnItsWayOutWaitsForItsEnd) {
  GivenReadyWorkers(2);
  Send(SIGTTOU);
  Ask(7, Command::kDrain, 1);
  EXPECT_THAT(Replies(), IsEmpty());
  Dies(1);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 worker 1 (pid 102) is gone, 1 worker serves"));
}

// --- Killing one ---

TEST_F(RotationTest, AKilledWorkerIsReplacedAsAnyThatDies) {
  GivenReadyWorkers(2);
  Ask(7, Command::kKill, 1);
  EXPECT_THAT(Actions(), ElementsAre("kill 1 with 9", "reply 7: 0 worker 1 (pid 102) was killed"));
  EXPECT_THAT(Log(), Contains("[notice] kill requested by 456: worker 1 (pid 102) is killed"));
  Forget();
  Dies(1);
  EXPECT_THAT(Actions(), ElementsAre("spawn 1: worker 1 of 1"));
}

TEST_F(RotationTest, NobodyIsKilledInAnEmptySlot) {
  GivenReadyWorkers(1);
  Ask(7, Command::kKill, 5);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 1 no worker lives in slot 5"));
  EXPECT_EQ(CountOf("kill"), 0U);
}

// --- Recycling ---

TEST_F(RotationTest, RecyclesOneAtATimeHoweverOftenItIsTold) {
  GivenReadyWorkers(3);
  for (int i = 0; i < 3; ++i) {
    for (const std::uint32_t slot : {2U, 0U, 1U}) On(Recycle{slot, "has served 1000 requests"});
  }
  EXPECT_THAT(Actions(), ElementsAre("spawn 3: worker 2 of 1"));
  EXPECT_THAT(Log(), Contains("[notice] worker 2 (pid 103) has served 1000 requests; starting its replacement"));
  BecomesReady(3);
  EXPECT_EQ(CountOf("spawn"), 1U);
  Dies(2);
  EXPECT_THAT(Actions(), Contains("spawn 2: worker 0 of 1"));
  EXPECT_EQ(CountOf("spawn"), 2U);
}

TEST_F(RotationTest, DoesNotCountWorkersWhoseSeatsWereGivenUpAsReady) {
  GivenReadyWorkers(4);
  Dies(0, 0, SIGSEGV);  // its replacement starts
  On(Recycle{1, "has grown"});
  Forget();
  Ask(7, Command::kScale, 2);
  EXPECT_EQ(CountOf("spawn"), 0U) << "worker 0 is not ready";
  EXPECT_THAT(Replies(), IsEmpty());
  BecomesReady(0);
  EXPECT_EQ(CountOf("spawn"), 1U);
}

TEST_F(RotationTest, ARecyclingThatFailsWaitsLongerEachTime) {
  GivenReadyWorkers(1);
  On(Recycle{0, "has grown"});
  Dies(1, 1);
  EXPECT_THAT(Log(), Contains("[error] worker 0 (pid 101) keeps serving, its replacement exited with code 1 before it "
                              "was ready"));
  Forget();
  On(Recycle{0, "has grown"});
  EXPECT_EQ(CountOf("spawn"), 0U);
  Advance(100ms);
  EXPECT_EQ(CountOf("spawn"), 1U);
  Dies(1, 1);
  On(Recycle{0, "has grown"});
  Advance(199ms);
  EXPECT_EQ(CountOf("spawn"), 1U);
  Advance(1ms);
  EXPECT_EQ(CountOf("spawn"), 2U);
}

TEST_F(RotationTest, RecyclingOfWhoeverLeavesAnywayIsIgnored) {
  GivenReadyWorkers(2);
  Send(SIGTTOU);
  Forget();
  On(Recycle{1, "has grown"});
  On(Recycle{9, "is not even there"});
  On(Recycle{5000, "cannot be there"});
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(RotationTest, ARecyclingSurvivesAFailedRestart) {
  GivenReadyWorkers(2);
  Ask(7, Command::kRestart);
  Ask(8, Command::kDrain, 1);
  Dies(2, 1);
  EXPECT_THAT(Replies(), ElementsAre(HasSubstr("reply 7: 5")));
  BecomesReady(SlotOf(1, 0) == 0 ? 2 : 0);  // the replacement of worker 1
  EXPECT_THAT(Actions(), Contains("drain 1 within 0 ms"));
}

}  // namespace
}  // namespace colmeia::supervisor
