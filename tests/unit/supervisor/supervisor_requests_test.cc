// Requests over the control socket: each is answered once, when its result is known.
#include "supervisor/fixture.h"

namespace colmeia::supervisor {
namespace {

class RequestTest : public SupervisorFixture {
 protected:
  // What was asked for comes as far as serving, with one worker beside the one of generation 1.
  void TheReloadServes() {
    On(Compiled{2, PlanOf(1), ""});
    On(ResourcesOpened{2});
    BecomesReady(1);
  }
};

// --- Reload ---

TEST_F(RequestTest, ReloadIsAnsweredWhenTheNewGenerationServesAndTheOldOneAcceptsNoMore) {
  GivenReadyWorkers(2);
  Ask(7, Command::kReload);
  EXPECT_THAT(Actions(), ElementsAre("compile 2"));
  EXPECT_THAT(Facts(), ElementsAre("reloading 2"));
  EXPECT_THAT(Log(), ElementsAre("[notice] reload requested by 456, reconfiguring"));
  On(Compiled{2, PlanOf(2), ""});
  On(ResourcesOpened{2});
  BecomesReady(2);
  BecomesReady(3);
  EXPECT_THAT(Actions(), Contains("promote 2"));
  Draining(1, 5);
  EXPECT_THAT(Replies(), IsEmpty());
  Draining(0);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 generation 2 serves with 2 workers, generation 1 drains"));
}

TEST_F(RequestTest, ReloadIsAnsweredWhenTheOldWorkersAreGone) {
  GivenReadyWorkers(1);
  Ask(7, Command::kReload);
  TheReloadServes();
  EXPECT_THAT(Replies(), IsEmpty());
  Dies(0, 0, SIGSEGV);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 generation 2 serves with 1 worker, generation 1 drains"));
}

TEST_F(RequestTest, ReloadDoesNotWaitForAnOldWorkerThatHangs) {
  GivenReadyWorkers(1);
  Ask(7, Command::kReload);
  TheReloadServes();
  Advance(999ms);
  EXPECT_THAT(Replies(), IsEmpty());
  Advance(1ms);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 generation 2 serves with 1 worker, generation 1 drains; worker 0 of "
                                     "generation 1 (pid 101) has not said yet that it accepts no more"));
}

TEST_F(RequestTest, ReloadThatIsDoneIsToldAsSuchWhateverComesNext) {
  GivenReadyWorkers(1);
  Ask(7, Command::kReload);
  TheReloadServes();
  Send(SIGTERM);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 generation 2 serves with 1 worker, generation 1 drains"));
}

TEST_F(RequestTest, ReloadIsAnsweredWithTheMistake) {
  GivenReadyWorkers(1);
  Ask(7, Command::kReload);
  On(Compiled{2, nullptr, "x.conf:1:1: oops\n  oops;\n  ^"});
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 1 generation 2 failed to compile, generation 1 keeps serving: "
                                     "x.conf:1:1: oops\n  oops;\n  ^"));
}

TEST_F(RequestTest, ReloadIsAnsweredWithTheAddressThatIsTaken) {
  GivenReadyWorkers(1);
  Ask(7, Command::kReload);
  On(Compiled{2, PlanOf(1), ""});
  On(ResourcesFailed{2, "bind() to 0.0.0.0:80 failed"});
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 2 generation 2 failed to open what it needs, generation 1 keeps "
                                     "serving: bind() to 0.0.0.0:80 failed"));
}

TEST_F(RequestTest, ReloadWhileOneRunsJoinsTheNextOne) {
  GivenReadyWorkers(1);
  Ask(7, Command::kReload);
  Ask(8, Command::kReload);
  Ask(9, Command::kReload);
  On(Compiled{2, nullptr, "oops"});
  EXPECT_EQ(Replies().size(), 1U);
  EXPECT_THAT(Actions(), Contains("compile 3"));
  Forget();
  On(Compiled{3, nullptr, "again"});
  EXPECT_THAT(Replies(), ElementsAre(HasSubstr("reply 8: 1"), HasSubstr("reply 9: 1")));
  EXPECT_THAT(Actions(), Not(Contains("compile 4")));
}

TEST_F(RequestTest, ReloadThatAStopCutShortIsRolledBack) {
  GivenReadyWorkers(1);
  Ask(7, Command::kReload);
  Ask(8, Command::kReload);
  Send(SIGTERM);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 5 the server was told to stop by signal 15 (SIGTERM)",
                                     "reply 8: 5 the server was told to stop by signal 15 (SIGTERM)"));
}

TEST_F(RequestTest, ReloadWithoutARequesterGoesOnAndIsNotAnswered) {
  GivenReadyWorkers(1);
  Ask(7, Command::kReload);
  On(RequesterGone{7});
  TheReloadServes();
  EXPECT_THAT(Actions(), Contains("promote 2"));
  EXPECT_THAT(Replies(), IsEmpty());
}

// --- Quit and stop ---

TEST_F(RequestTest, QuitIsAnsweredJustBeforeWeLeave) {
  GivenReadyWorkers(1);
  Ask(7, Command::kQuit);
  Ask(8, Command::kQuit);
  EXPECT_THAT(Replies(), IsEmpty());
  Forget();
  Dies(0);
  EXPECT_THAT(Actions(), ElementsAre("close-listeners 1", "close 1", "reply 7: 0 the server has stopped",
                                     "reply 8: 0 the server has stopped", "leave 0"));
}

TEST_F(RequestTest, StopEscalatesAQuit) {
  GivenReadyWorkers(1);
  Ask(7, Command::kQuit);
  Ask(8, Command::kStop);
  EXPECT_THAT(Actions(), ElementsAre("remove-listeners 1", "drain 0 within 0 ms", "stop 0 within 3000 ms"));
  Dies(0);
  EXPECT_THAT(Replies(), ElementsAre(HasSubstr("reply 7: 0"), HasSubstr("reply 8: 0")));
}

TEST_F(RequestTest, EverythingElseIsRefusedWhileStopping) {
  GivenReadyWorkers(1);
  Send(SIGQUIT);
  std::uint64_t id = 10;
  for (const Command command :
       {Command::kReload, Command::kUpgrade, Command::kRestart, Command::kScale, Command::kDrain}) {
    Forget();
    Ask(++id, command, 1);
    EXPECT_THAT(Replies(), ElementsAre("reply " + std::to_string(id) + ": 5 the server is stopping"));
  }
}

// --- Reopening ---

TEST_F(RequestTest, ReopenIsAnsweredWhenEveryWorkerHasSwitched) {
  GivenReadyWorkers(2);
  Ask(7, Command::kReopen);
  On(LogsReopened{{{0, 11}, {1, 11}}, {}, 1});
  On(Received{0, ipc::Done{}, 11});
  EXPECT_THAT(Replies(), IsEmpty());
  On(Received{1, ipc::Done{}, 11});
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 1 log file reopened, 2 workers switched"));
}

TEST_F(RequestTest, ReopenNamesTheFileThatKeptItsDescriptor) {
  GivenReadyWorkers(1);
  Ask(7, Command::kReopen);
  On(LogsReopened{{}, {"open() \"/a.log\" failed"}, 0});
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 2 log file not reopened, the old one stays in use: open() \"/a.log\" "
                                     "failed\n0 log files reopened, 0 workers switched"));
}

TEST_F(RequestTest, ReopenNamesTheWorkerThatDidNotSwitch) {
  GivenReadyWorkers(1);
  Ask(7, Command::kReopen);
  On(LogsReopened{{{0, 11}}, {}, 1});
  Advance(5s);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 4 worker 0 (pid 101) has not switched to the reopened log files within "
                                     "5 s\n1 log file reopened, 0 workers switched"));
}

TEST_F(RequestTest, ReopenWhileOneRunsJoinsTheNextOne) {
  GivenReadyWorkers(1);
  Ask(7, Command::kReopen);
  Ask(8, Command::kReopen);
  On(LogsReopened{{}, {}, 1});
  EXPECT_EQ(Replies().size(), 1U);
  On(LogsReopened{{}, {}, 2});
  EXPECT_THAT(Replies(), Contains("reply 8: 0 2 log files reopened, 0 workers switched"));
}

// --- Scaling ---

TEST_F(RequestTest, ScaleIsAnsweredWhenAllAreReady) {
  GivenReadyWorkers(1);
  Ask(7, Command::kScale, 3);
  EXPECT_THAT(Actions(), ElementsAre("spawn 1: worker 1 of 1", "spawn 2: worker 2 of 1"));
  BecomesReady(2);
  EXPECT_THAT(Replies(), IsEmpty());
  EXPECT_THAT(Facts(), ElementsAre("seats 1/3 of 1")) << "seat 1 does not serve yet";
  BecomesReady(1);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 3 workers serve"));
  EXPECT_THAT(Facts(), ElementsAre("seats 1/3 of 1", "seats 3/3 of 1"));
}

TEST_F(RequestTest, ScaleDownIsAnsweredAtOnceAndTellsTheSeatsFirst) {
  GivenReadyWorkers(3);
  On(Request{7, {Command::kScale, 1}, 0});
  EXPECT_THAT(Actions(), ElementsAre("drain 1 within 0 ms", "drain 2 within 0 ms", "reply 7: 0 1 worker serves"));
  EXPECT_THAT(Facts(), ElementsAre("seats 1/1 of 1"));
  EXPECT_THAT(Log(), Contains("[notice] scale requested: 1 worker wanted"));
}

TEST_F(RequestTest, ScaleThatCannotStartAWorkerSaysSo) {
  GivenReadyWorkers(1);
  Ask(7, Command::kScale, 2);
  Dies(1, 2);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 5 degraded: 1 of 2 workers serve, worker 1 cannot be started just now; "
                                     "it is tried again and again"));
}

TEST_F(RequestTest, ScaleOutOfRangeIsRefused) {
  GivenReadyWorkers(1);
  Ask(7, Command::kScale, 0);
  Ask(8, Command::kScale, 513);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 1 0 workers wanted, it must be 1 to 512",
                                     "reply 8: 1 513 workers wanted, it must be 1 to 512"));
  EXPECT_EQ(CountOf("spawn"), 0U);
}

TEST_F(RequestTest, ScaleIsOverWhenSomethingElseIsWanted) {
  GivenReadyWorkers(1);
  Ask(7, Command::kScale, 3);
  Ask(8, Command::kScale, 2);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 5 something else came in between: 2 workers wanted by now"));
  BecomesReady(1);
  EXPECT_THAT(Replies(), Contains("reply 8: 0 2 workers serve"));
}

TEST_F(RequestTest, ScaleIsOverWhenAReloadComesInBetween) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 1);
  Ask(7, Command::kScale, 2);
  BecomesReady(1);
  EXPECT_THAT(Replies(), ElementsAre(HasSubstr("reply 7: 5 a reload came in between")));
}

TEST_F(RequestTest, ScaleIsRefusedWithoutWorkersAndOverWhenTheyRetire) {
  GivenReadyWorkers(1);
  Ask(7, Command::kScale, 2);
  Send(SIGWINCH);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 5 the workers were told to leave by signal 28 (SIGWINCH)"));
  Ask(8, Command::kScale, 2);
  EXPECT_THAT(Replies(), Contains("reply 8: 5 workers were retired, reload to have them back"));
}

// --- Seats ---

TEST_F(RequestTest, SeatsAreToldAtEachPromotionAndNotForADeath) {
  GivenReadyWorkers(2);
  GivenReloadSpawned(2, 3);
  for (std::uint32_t slot = 2; slot < 5; ++slot) BecomesReady(slot);
  EXPECT_THAT(Facts(), ElementsAre("seats 3/3 of 2"));
  Forget();
  Dies(2, 0, SIGSEGV);
  BecomesReady(2);
  EXPECT_THAT(Facts(), IsEmpty());
}

// --- The start ---

TEST_F(RequestTest, WhoAsksForAReloadBeforeTheServerServesLearnsWhyItDoesNot) {
  On(Start{nullptr});
  Ask(7, Command::kReload);
  On(Compiled{1, nullptr, "x.conf:1:1: oops"});
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 1 the server did not start: x.conf:1:1: oops"));
}

TEST_F(RequestTest, WhatNeedsWorkersIsRefusedBeforeThereAreAny) {
  GivenSpawnedWorkers(1);
  Ask(7, Command::kScale, 2);
  Ask(8, Command::kRestart);
  Ask(9, Command::kUpgrade);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 5 the server is starting", "reply 8: 5 the server is starting",
                                     "reply 9: 5 the server is starting"));
}

}  // namespace
}  // namespace colmeia::supervisor
