// The first start, and what a worker says on its way to Ready.
#include "supervisor/supervisor.h"

#include "supervisor/fixture.h"

namespace colmeia::supervisor {
namespace {

class SupervisorTest : public SupervisorFixture {};

TEST_F(SupervisorTest, DoesNothingBeforeStart) {
  Send(SIGTERM);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_EQ(supervisor.NextDeadline(), std::nullopt);
}

TEST_F(SupervisorTest, OpensThePlanThatTheLauncherCompiled) {
  On(Start{PlanOf(2)});
  EXPECT_THAT(Actions(), ElementsAre("open 1"));
  EXPECT_THAT(Server(), ElementsAre("starting 0"));
}

TEST_F(SupervisorTest, CompilesFirstWhenThereIsNoPlanYet) {
  On(Start{nullptr});
  EXPECT_THAT(Actions(), ElementsAre("compile 1"));
  Forget();
  On(Compiled{1, PlanOf(2), ""});
  EXPECT_THAT(Actions(), ElementsAre("open 1"));
}

TEST_F(SupervisorTest, SpawnsOneWorkerPerSeatOnceEverythingIsOpen) {
  On(Start{PlanOf(3)});
  Forget();
  On(ResourcesOpened{1});
  EXPECT_THAT(Actions(), ElementsAre("spawn 0: worker 0 of 1", "spawn 1: worker 1 of 1", "spawn 2: worker 2 of 1"));
  EXPECT_THAT(States(), ElementsAre("0 starting", "1 starting", "2 starting"));
  EXPECT_THAT(Log(), Contains("[notice] generation 1: starting 3 workers"));
}

TEST_F(SupervisorTest, StartsOneWorkerWhenAPlanAsksForNone) {
  GivenSpawnedWorkers(0);
  EXPECT_EQ(supervisor.slots().living(), 1U);
}

TEST_F(SupervisorTest, AdoptsAWorkerThatSaidHello) {
  GivenSpawnedWorkers(2);
  Hello(1);
  EXPECT_THAT(Actions(), ElementsAre("adopt 1: worker 1 of 1, one of 2"));
}

TEST_F(SupervisorTest, HasStartedWhenAllWorkersAreReadyAndNotBefore) {
  GivenSpawnedWorkers(2);
  BecomesReady(0);
  EXPECT_THAT(Actions(), Not(Contains("started")));
  Forget();
  BecomesReady(1);
  EXPECT_THAT(Actions(), ElementsAre("adopt 1: worker 1 of 1, one of 2", "promote 1", "started"));
  EXPECT_THAT(Log(),
              ElementsAre("[notice] worker 1 (pid 102) is ready", "[notice] generation 1 serves with 2 workers"));
  EXPECT_THAT(Server(), ElementsAre("serving 1"));
  EXPECT_EQ(supervisor.NextDeadline(), std::nullopt);
}

TEST_F(SupervisorTest, FailsToStartWithMistakesInTheConfigurationLineByLine) {
  On(Start{nullptr});
  Forget();
  On(Compiled{1, nullptr, "x.conf:7:5: \"gzip_levle\" is not a directive\n    gzip_levle 6;\n    ^~~~\n"});
  EXPECT_THAT(Actions(), ElementsAre("close 1",
                                     "start-failed 1: x.conf:7:5: \"gzip_levle\" is not a directive\n"
                                     "    gzip_levle 6;\n    ^~~~\n",
                                     "leave 1"));
  EXPECT_THAT(Log(), ElementsAre("[emerg] generation 1 failed to compile, the server does not start: x.conf:7:5: "
                                 "\"gzip_levle\" is not a directive",
                                 "[emerg]     gzip_levle 6;", "[emerg]     ^~~~", "[notice] exit"));
}

TEST_F(SupervisorTest, FailsToStartWhenAnAddressIsTaken) {
  On(Start{PlanOf(2)});
  Forget();
  On(ResourcesFailed{1, "bind() to 0.0.0.0:80 failed (98: Address already in use)"});
  EXPECT_THAT(
      Actions(),
      ElementsAre("close 1", "start-failed 2: bind() to 0.0.0.0:80 failed (98: Address already in use)", "leave 2"));
}

TEST_F(SupervisorTest, FailsToStartWhenOneWorkerDiesAndStopsTheOthers) {
  GivenSpawnedWorkers(3);
  BecomesReady(0);
  Hello(1);
  Failed(1, "chdir(\"/missing\") failed (2: No such file or directory)");
  EXPECT_THAT(Actions(), Contains("stop 0 within 3000 ms"));
  EXPECT_THAT(Actions(), Contains("stop 1 within 3000 ms"));
  EXPECT_THAT(Actions(), Contains("kill 2 with 9")) << "it was not adopted and understands no message";
  EXPECT_THAT(Log(), Contains("[emerg] generation 1 failed to start, the server does not start: worker 1 (pid 102) "
                              "failed: chdir(\"/missing\") failed (2: No such file or directory)"));
  Forget();

  Dies(0);
  Dies(1, 2);
  EXPECT_EQ(CountOf("leave"), 0U) << "one child lives";
  Forget();
  Dies(2, 0, SIGKILL);
  EXPECT_THAT(Actions(),
              ElementsAre("close 1",
                          "start-failed 5: worker 1 (pid 102) failed: chdir(\"/missing\") failed (2: No such "
                          "file or directory)",
                          "leave 5"));
}

TEST_F(SupervisorTest, FailsToStartWhenAWorkerDiesWithoutAWord) {
  GivenSpawnedWorkers(1);
  Dies(0, 127);
  EXPECT_THAT(
      Actions(),
      ElementsAre("close 1", "start-failed 5: worker 0 (pid 101) exited with code 127 before it was ready", "leave 5"));
}

TEST_F(SupervisorTest, FailsToStartWhenAReadyWorkerDiesBeforeTheOthersAreReady) {
  GivenSpawnedWorkers(2);
  BecomesReady(0);
  Dies(0, 0, SIGSEGV);
  EXPECT_THAT(Log(), Contains("[emerg] generation 1 failed to start, the server does not start: worker 0 (pid 101) was "
                              "killed by signal 11 (SIGSEGV)"));
  EXPECT_EQ(supervisor.phase(), ServerPhase::kStopping);
}

TEST_F(SupervisorTest, FailsToStartWhenAWorkerStalls) {
  GivenSpawnedWorkers(2);
  BecomesReady(0);
  Hello(1);
  Forget();
  Advance(9999ms);
  EXPECT_THAT(Actions(), IsEmpty());
  Advance(1ms);
  EXPECT_THAT(Actions(), ElementsAre("kill 1 with 9", "stop 0 within 3000 ms"));
  Dies(0);
  Dies(1, 0, SIGKILL);
  EXPECT_THAT(Actions(), Contains("start-failed 4: worker 1 (pid 102) was not ready within 10 s"));
  EXPECT_THAT(Actions(), Contains("leave 4"));
}

TEST_F(SupervisorTest, FailsToStartWhenAProcessCannotBeMade) {
  spawns_fail = true;
  On(Start{PlanOf(2)});
  On(ResourcesOpened{1});
  EXPECT_THAT(Actions(),
              Contains("start-failed 5: worker 0 could not be spawned: fork: Resource temporarily unavailable"));
  EXPECT_THAT(Actions(), Contains("leave 5"));
  EXPECT_EQ(CountOf("spawn"), 2U);
}

TEST_F(SupervisorTest, FailsToStartWhenTheCompilerHangs) {
  On(Start{nullptr});
  Forget();
  Advance(60s);
  EXPECT_THAT(Actions(), ElementsAre("cancel-compile 1"));
  On(Compiled{1, nullptr, "the compiler was killed"});
  EXPECT_THAT(Actions(), Contains("start-failed 4: the compiler did not finish within 60 s"));
  EXPECT_THAT(Actions(), Contains("leave 4"));
}

TEST_F(SupervisorTest, RefusesMoreWorkersThanThereAreSlots) {
  On(Start{PlanOf(2000)});
  On(ResourcesOpened{1});
  EXPECT_EQ(CountOf("spawn"), 0U);
  EXPECT_THAT(Actions(),
              Contains("start-failed 5: it wants 2000 workers, and 0 of 1024 slots are taken by living ones"));
}

TEST_F(SupervisorTest, SaysNothingMoreAfterLeave) {
  On(Start{PlanOf(1)});
  On(ResourcesFailed{1, "no"});
  Forget();
  Send(SIGTERM);
  On(ResourcesOpened{1});
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_EQ(supervisor.NextDeadline(), std::nullopt);
}

// --- Signals while starting ---

TEST_F(SupervisorTest, ReloadsAfterTheStartWhenAskedMeanwhile) {
  GivenSpawnedWorkers(1);
  Send(SIGHUP);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(),
              ElementsAre("[notice] signal 1 (SIGHUP) received from 456, reconfiguring once generation 1 is up or "
                          "rolled back"));
  BecomesReady(0);
  EXPECT_THAT(Actions(), ElementsAre("adopt 0: worker 0 of 1, one of 1", "promote 1", "started", "compile 2"));
}

TEST_F(SupervisorTest, DoesNotReloadAfterAFailedStart) {
  GivenSpawnedWorkers(2);
  Send(SIGHUP);
  Dies(0, 1);
  Dies(1, 0, SIGKILL);
  EXPECT_EQ(CountOf("compile"), 0U);
  EXPECT_EQ(CountOf("leave"), 1U);
}

TEST_F(SupervisorTest, StopsInTheMiddleOfTheStart) {
  GivenSpawnedWorkers(2);
  BecomesReady(0);
  Forget();
  Send(SIGTERM);
  EXPECT_THAT(Log(), Contains("[notice] signal 15 (SIGTERM) received from 456, exiting"));
  EXPECT_THAT(Actions(), ElementsAre("stop 0 within 3000 ms", "kill 1 with 9"));
  Dies(0);
  Dies(1, 0, SIGKILL);
  EXPECT_THAT(Actions(), Contains("start-failed 5: the server was told to stop by signal 15 (SIGTERM)"));
  EXPECT_THAT(Actions(), Contains("leave 0"));
}

TEST_F(SupervisorTest, StopsWhileItsResourcesAreBeingOpened) {
  On(Start{PlanOf(2)});
  Forget();
  Send(SIGINT);
  EXPECT_THAT(Actions(),
              ElementsAre("close 1", "start-failed 5: the server was told to stop by signal 2 (SIGINT)", "leave 0"));
}

TEST_F(SupervisorTest, WaitsForTheCompilerBeforeItLeaves) {
  On(Start{nullptr});
  Forget();
  Send(SIGQUIT);
  EXPECT_THAT(Actions(), ElementsAre("cancel-compile 1"));
  Forget();
  On(Compiled{1, PlanOf(2), ""});
  EXPECT_THAT(Actions(),
              ElementsAre("close 1", "start-failed 5: the server was told to stop by signal 3 (SIGQUIT)", "leave 0"));
}

TEST_F(SupervisorTest, IgnoresScalingAndRetiringWhileStarting) {
  GivenSpawnedWorkers(2);
  Send(SIGTTIN);
  Send(SIGTTOU);
  Send(SIGWINCH);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 21 (SIGTTIN) received from 456, ignored: the server is starting",
                                 "[notice] signal 22 (SIGTTOU) received from 456, ignored: the server is starting",
                                 "[notice] signal 28 (SIGWINCH) received from 456, ignored: generation 1 is starting"));
}

}  // namespace
}  // namespace colmeia::supervisor
