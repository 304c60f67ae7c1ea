// The change to a new binary: by signal as in nginx, by request as one command, and with `daemon off`.
#include "supervisor/fixture.h"

namespace colmeia::supervisor {
namespace {

class UpgradeTest : public SupervisorFixture {
 protected:
  void GivenForeground(std::uint32_t workers, bool tells_main_pid = false) {
    auto plan = std::make_shared<ipc::Plan>();
    plan->workers = workers;
    plan->daemon = false;
    On(Start{plan, 0, tells_main_pid});
    On(ResourcesOpened{1});
    for (std::uint32_t slot = 0; slot < workers; ++slot) BecomesReady(slot);
    Forget();
  }

  // What a signal or a request started runs, and says that it serves.
  void NewOneServes() {
    On(UpgradeSpawned{77});
    On(UpgradeReady{});
  }

  // In the foreground: the new one serves, our worker is gone, and we stay for the new one.
  void GivenWeStandIn() {
    GivenForeground(1);
    Send(SIGUSR2);
    NewOneServes();
    Send(SIGQUIT);
    Dies(0);
    Forget();
  }
};

// --- By signal ---

TEST_F(UpgradeTest, BySignalLetsBothServe) {
  GivenReadyWorkers(1);
  Send(SIGUSR2);
  EXPECT_THAT(Actions(), ElementsAre("start-upgrade"));
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 12 (SIGUSR2) received from 456, changing binary"));
  On(UpgradeSpawned{77});
  Forget();
  On(UpgradeReady{});
  Advance(1h);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(),
              ElementsAre("[notice] new binary (pid 77) serves, and so does this one: WINCH, QUIT or HUP tell it "
                          "how to go on"));
}

TEST_F(UpgradeTest, BySignalHasNoLimit) {
  GivenReadyWorkers(1);
  Send(SIGUSR2);
  On(UpgradeSpawned{77});
  Forget();
  Advance(1h);
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(UpgradeTest, WinchThenQuitRetiresTheOldOne) {
  GivenReadyWorkers(1);
  Send(SIGUSR2);
  NewOneServes();
  Forget();
  Send(SIGWINCH);
  EXPECT_THAT(Actions(), ElementsAre("drain 0 within 0 ms"));
  Dies(0);
  Forget();
  Send(SIGQUIT);
  EXPECT_THAT(Actions(), ElementsAre("close 1", "complete-upgrade 77", "leave 0"));
}

// The service manager would end the new master with the service.
TEST_F(UpgradeTest, TheServiceEndsWithNeitherWayOfTakingOver) {
  GivenReadyWorkers(1);
  Send(SIGUSR2);
  NewOneServes();
  Forget();
  Send(SIGWINCH);
  Dies(0);
  Send(SIGQUIT);
  EXPECT_THAT(Server(), ElementsAre("draining 1"));
}

TEST_F(UpgradeTest, RestingIsNoEndOfTheServiceButQuittingThenIs) {
  GivenReadyWorkers(1);
  Forget();
  Send(SIGWINCH);
  Dies(0);
  EXPECT_THAT(Server(), ElementsAre("draining 1"));
  Send(SIGQUIT);
  EXPECT_THAT(Server(), ElementsAre("draining 1", "draining 1 ending"));
}

TEST_F(UpgradeTest, HupAfterWinchHasTheWorkersBackWithTheirOldConfiguration) {
  GivenReadyWorkers(2);
  Send(SIGUSR2);
  NewOneServes();
  Send(SIGWINCH);
  Dies(0);
  Dies(1);
  Forget();
  Send(SIGHUP);
  EXPECT_THAT(Actions(), ElementsAre("spawn 0: worker 0 of 1", "spawn 1: worker 1 of 1"));
  EXPECT_THAT(Log(),
              Contains("[notice] signal 1 (SIGHUP) received from 456, starting the workers of generation 1 again, "
                       "with the configuration that it has"));
}

TEST_F(UpgradeTest, ReloadIsTheNewOnesAffairWhileBothServe) {
  GivenReadyWorkers(1);
  Send(SIGUSR2);
  On(UpgradeSpawned{77});
  Forget();
  Ask(7, Command::kReload);
  EXPECT_THAT(Actions(), ElementsAre("reply 7: 5 a new binary is under way and the workers of this one serve; the "
                                     "configuration is its affair"));
}

TEST_F(UpgradeTest, ItsDeathIsTakenBackAndRetiredWorkersStartAgain) {
  GivenReadyWorkers(1);
  Send(SIGUSR2);
  NewOneServes();
  Send(SIGWINCH);
  Dies(0);
  Forget();
  On(UpgradeExited{1, 0});
  EXPECT_THAT(Actions(), ElementsAre("abandon-upgrade", "spawn 0: worker 0 of 1"));
  EXPECT_THAT(Log(), Contains("[alert] new binary (pid 77) given up, this one starts its workers again: it exited with "
                              "code 1"));
  Forget();
  Send(SIGUSR2);
  EXPECT_THAT(Actions(), ElementsAre("start-upgrade")) << "another try";
}

TEST_F(UpgradeTest, IsRefusedWhileOneIsUnderWay) {
  GivenReadyWorkers(1);
  Send(SIGUSR2);
  On(UpgradeSpawned{77});
  Forget();
  Send(SIGUSR2);
  Ask(7, Command::kUpgrade);
  EXPECT_THAT(Actions(), ElementsAre("reply 7: 5 a new binary (pid 77) runs already"));
  EXPECT_THAT(Log(), Contains("[notice] signal 12 (SIGUSR2) received from 456, ignored: a new binary (pid 77) runs "
                              "already"));
}

TEST_F(UpgradeTest, IsRefusedUntilWeAreIndependentOurselves) {
  On(Start{PlanOf(1), 55, false});
  On(ResourcesOpened{1});
  BecomesReady(0);
  Forget();
  Send(SIGUSR2);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(),
              ElementsAre("[notice] signal 12 (SIGUSR2) received from 456, ignored: the master that started this "
                          "one (pid 55) has not left yet"));
  On(Independent{});
  Send(SIGUSR2);
  EXPECT_THAT(Actions(), ElementsAre("start-upgrade"));
}

TEST_F(UpgradeTest, IsRefusedWhileAGenerationStarts) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 1);
  Ask(7, Command::kUpgrade);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 5 generation 2 is starting"));
}

// --- By request ---

TEST_F(UpgradeTest, ByRequestIsOneCommand) {
  GivenReadyWorkers(2, 5s);
  Ask(7, Command::kUpgrade);
  On(UpgradeSpawned{77});
  EXPECT_THAT(Actions(), ElementsAre("start-upgrade"));
  Forget();
  On(UpgradeReady{});
  EXPECT_THAT(Actions(), ElementsAre("drain 0 within 5000 ms", "drain 1 within 5000 ms"));
  Forget();
  Dies(0);
  EXPECT_THAT(Actions(), IsEmpty());
  Dies(1);
  EXPECT_THAT(Actions(), ElementsAre("reply 7: 0 new binary (pid 77) serves, the old one has left", "close 1",
                                     "complete-upgrade 77", "leave 0"));
}

TEST_F(UpgradeTest, ByRequestAnswersBeforeALongDrainIsOver) {
  GivenReadyWorkers(1);
  Ask(7, Command::kUpgrade);
  NewOneServes();
  Advance(30s);
  EXPECT_THAT(Replies(), ElementsAre("reply 7: 0 new binary (pid 77) serves; the old one still drains 1 worker"));
  EXPECT_EQ(CountOf("leave"), 0U);
  Dies(0);
  EXPECT_EQ(CountOf("leave"), 1U);
}

TEST_F(UpgradeTest, ByRequestRollsBackABinaryThatCannotBeSpawned) {
  GivenReadyWorkers(1);
  Ask(7, Command::kUpgrade);
  Forget();
  On(UpgradeFailed{"/usr/sbin/colmeia: Exec format error"});
  EXPECT_THAT(Actions(), ElementsAre("abandon-upgrade",
                                     "reply 7: 5 new binary given up, this one keeps serving: "
                                     "/usr/sbin/colmeia: Exec format error"));
}

TEST_F(UpgradeTest, ByRequestRollsBackABinaryThatCrashes) {
  GivenReadyWorkers(1);
  Ask(7, Command::kUpgrade);
  On(UpgradeSpawned{77});
  Forget();
  On(UpgradeExited{0, SIGSEGV});
  EXPECT_THAT(Actions(), ElementsAre("abandon-upgrade",
                                     "reply 7: 5 new binary (pid 77) given up, this one keeps "
                                     "serving: it was killed by signal 11 (SIGSEGV) before it "
                                     "served"));
}

TEST_F(UpgradeTest, ByRequestRollsBackABinaryThatRefusesTheConfiguration) {
  GivenReadyWorkers(1);
  Ask(7, Command::kUpgrade);
  On(UpgradeSpawned{77});
  Forget();
  On(UpgradeFailed{"x.conf:1:1: \"oops\" is not a directive"});
  EXPECT_THAT(Actions(), IsEmpty()) << "until it is gone";
  On(UpgradeExited{1, 0});
  EXPECT_THAT(Actions(), ElementsAre("abandon-upgrade",
                                     "reply 7: 5 new binary (pid 77) given up, this one keeps "
                                     "serving: x.conf:1:1: \"oops\" is not a directive"));
}

TEST_F(UpgradeTest, ByRequestKillsABinaryThatFailedAndStays) {
  GivenReadyWorkers(1);
  Ask(7, Command::kUpgrade);
  On(UpgradeSpawned{77});
  On(UpgradeFailed{"oops"});
  Forget();
  Advance(1s);
  EXPECT_THAT(Actions(), ElementsAre("forward 9"));
}

TEST_F(UpgradeTest, ByRequestRollsBackABinaryThatNeverServes) {
  GivenReadyWorkers(1);
  Ask(7, Command::kUpgrade);
  On(UpgradeSpawned{77});
  Forget();
  Advance(19999ms);
  EXPECT_THAT(Actions(), IsEmpty());
  Advance(1ms);
  EXPECT_THAT(Actions(), ElementsAre("forward 15"));
  Advance(4s);
  EXPECT_THAT(Actions(), ElementsAre("forward 15", "forward 9"));
  Forget();
  On(UpgradeExited{0, SIGKILL});
  EXPECT_THAT(Actions(), ElementsAre("abandon-upgrade",
                                     "reply 7: 5 new binary (pid 77) given up, this one keeps "
                                     "serving: it did not serve within 20 s"));
}

TEST_F(UpgradeTest, ByRequestHasItsWorkersBackWhenTheNewOneDiesWhileTheyDrain) {
  GivenReadyWorkers(2);
  Ask(7, Command::kUpgrade);
  NewOneServes();
  Dies(0);
  Forget();
  On(UpgradeExited{0, SIGSEGV});
  EXPECT_THAT(Actions(), ElementsAre("abandon-upgrade",
                                     HasSubstr("reply 7: 5 new binary (pid 77) given up, this one "
                                               "starts its workers again"),
                                     "spawn 0: worker 0 of 1", "spawn 2: worker 1 of 1"));
}

TEST_F(UpgradeTest, ByRequestEndsWithUsBeforeItServes) {
  GivenReadyWorkers(1);
  Ask(7, Command::kUpgrade);
  On(UpgradeSpawned{77});
  Forget();
  Send(SIGTERM);
  EXPECT_THAT(Actions(), ElementsAre("reply 7: 5 the server was told to stop by signal 15 (SIGTERM)", "forward 15",
                                     "stop 0 within 3000 ms"));
  Forget();
  Dies(0);
  EXPECT_THAT(Actions(), ElementsAre("close-listeners 1", "close 1"));
  Forget();
  On(UpgradeExited{0, 0});
  EXPECT_THAT(Actions(), ElementsAre("abandon-upgrade", "leave 0"));
}

TEST_F(UpgradeTest, ByRequestToldToStopBeforeItWasSpawned) {
  GivenReadyWorkers(1);
  Ask(7, Command::kUpgrade);
  Send(SIGTERM);
  Dies(0);
  EXPECT_EQ(CountOf("leave"), 0U);
  Forget();
  On(UpgradeSpawned{77});
  EXPECT_THAT(Actions(), ElementsAre("forward 15"));
  On(UpgradeExited{0, 0});
  EXPECT_THAT(Actions(), Contains("leave 0"));
}

// --- In the foreground ---

TEST_F(UpgradeTest, InTheForegroundWeStayForTheNewOne) {
  GivenForeground(1);
  Ask(7, Command::kUpgrade);
  NewOneServes();
  Forget();
  Dies(0);
  EXPECT_THAT(Actions(), ElementsAre("reply 7: 0 new binary (pid 77) serves; the old one has no workers any "
                                     "more, and stays for the process that waits for it",
                                     "close 1", "complete-upgrade 77"));
  EXPECT_EQ(supervisor.NextDeadline(), std::nullopt);
  Forget();
  for (const int signal : {SIGHUP, SIGTERM}) Send(signal);
  EXPECT_THAT(Actions(), ElementsAre("forward 1", "forward 15"));
  EXPECT_THAT(Log(), Contains("[notice] signal 15 (SIGTERM) received from 456, forwarded to the new master (pid 77)"));
  Ask(8, Command::kStop);
  EXPECT_THAT(Replies(), ElementsAre("reply 8: 5 ask the new master (pid 77)"));
  Forget();
  On(UpgradeExited{3, 0});
  EXPECT_THAT(Actions(), ElementsAre("leave 3"));
}

TEST_F(UpgradeTest, InTheForegroundATerminalNeedsNoForwarding) {
  GivenWeStandIn();
  On(Signal{SIGINT, 0, false});
  EXPECT_THAT(Actions(), ElementsAre());
}

TEST_F(UpgradeTest, InTheForegroundAKilledNewOneIsTold) {
  GivenWeStandIn();
  On(UpgradeExited{0, SIGKILL});
  EXPECT_THAT(Actions(), ElementsAre("leave 137"));
}

TEST_F(UpgradeTest, InTheForegroundAStopWhileWeDrainIsMeantForBoth) {
  GivenForeground(1);
  Ask(7, Command::kUpgrade);
  NewOneServes();
  Forget();
  Send(SIGTERM);
  EXPECT_THAT(Actions(), Contains("forward 15"));
  EXPECT_THAT(Actions(), Contains("stop 0 within 3000 ms"));
}

TEST_F(UpgradeTest, InTheForegroundNobodyStaysWhenAServiceManagerFollows) {
  GivenForeground(1, /*tells_main_pid=*/true);
  Ask(7, Command::kUpgrade);
  NewOneServes();
  Dies(0);
  EXPECT_THAT(Actions(), Contains("leave 0"));
}

}  // namespace
}  // namespace colmeia::supervisor
