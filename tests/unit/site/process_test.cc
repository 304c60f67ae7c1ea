#include "site/process.h"

#include "site/whole_fixture.h"

namespace colmeia::site {
namespace {

using testing::HasSubstr;

class ProcessTest : public WholeTest {
 protected:
  const ProcessSettings& Read(const std::string& text) {
    Configure(text);
    return site->main.Get<ProcessSettings>();
  }
};

TEST_F(ProcessTest, HasDefaults) {
  const ProcessSettings& process = Read("");
  EXPECT_EQ(process.user, "nobody");
  EXPECT_EQ(process.user_place.length, 0u);
  EXPECT_TRUE(process.daemon);
  EXPECT_TRUE(process.master_process);
  EXPECT_EQ(process.pid, folder / "logs/colmeia.pid");
  EXPECT_EQ(process.workers, std::nullopt);
  EXPECT_EQ(process.start_timeout, std::chrono::seconds(10));
  EXPECT_EQ(process.watchdog, std::chrono::seconds(10));
  EXPECT_EQ(process.max_requests, 0u);
  EXPECT_EQ(process.max_memory, 0u);
  EXPECT_EQ(process.max_generations, 8u);
}

TEST_F(ProcessTest, ReadsWhatIsWritten) {
  const ProcessSettings& process = Read(
      "user www-data www; daemon off; master_process off; pid /run/x.pid; worker_processes 4; worker_priority -5;\n"
      "worker_rlimit_nofile 4096; worker_cpu_affinity 0001 0010; worker_shutdown_timeout 30s;\n"
      "worker_start_timeout 500ms; working_directory cores; env HOME; env A=b; pcre_jit on;");
  EXPECT_EQ(process.user, "www-data");
  EXPECT_EQ(process.group, "www");
  EXPECT_GT(process.user_place.length, 0u);
  EXPECT_FALSE(process.daemon);
  EXPECT_FALSE(process.master_process);
  EXPECT_EQ(process.pid, "/run/x.pid");
  EXPECT_EQ(process.workers, 4u);
  EXPECT_EQ(process.priority, -5);
  EXPECT_EQ(process.rlimit_nofile, 4096u);
  EXPECT_FALSE(process.affinity.automatic);
  EXPECT_THAT(process.affinity.masks, testing::ElementsAre("0001", "0010"));
  EXPECT_EQ(process.shutdown_timeout, std::chrono::seconds(30));
  EXPECT_EQ(process.start_timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(process.working_directory, folder / "cores");
  EXPECT_THAT(process.environment, testing::ElementsAre("HOME", "A=b"));
}

TEST_F(ProcessTest, ReadsTheLimitsOfAWorkersLife) {
  const ProcessSettings& process =
      Read("worker_watchdog 2s; worker_max_requests 1000; worker_max_memory 64m; max_generations 2;");
  EXPECT_EQ(process.watchdog, std::chrono::seconds(2));
  EXPECT_EQ(process.max_requests, 1000u);
  EXPECT_EQ(process.max_memory, 64u << 20);
  EXPECT_EQ(process.max_generations, 2u);
}

TEST_F(ProcessTest, TurnsTheWatchdogOff) {
  EXPECT_EQ(Read("worker_watchdog off;").watchdog.count(), 0);
  EXPECT_EQ(Read("worker_watchdog 0;").watchdog.count(), 0);
}

TEST_F(ProcessTest, KnowsAuto) {
  const ProcessSettings& process = Read("worker_processes auto; worker_cpu_affinity auto 0110;");
  EXPECT_EQ(process.workers, std::nullopt);
  EXPECT_TRUE(process.affinity.automatic);
  EXPECT_THAT(process.affinity.masks, testing::ElementsAre("0110"));
}

TEST_F(ProcessTest, PutsTheControlSocketBesideThePidFile) {
  EXPECT_EQ(Read("").control, folder / "logs/colmeia.control");
  EXPECT_EQ(Read("pid /run/x.pid;").control, "/run/x.control");
  EXPECT_EQ(Read("pid run/master;").control, folder / "run/master.control");
  EXPECT_EQ(Read("control run/ctl.sock; pid /run/x.pid;").control, folder / "run/ctl.sock");
  EXPECT_EQ(Read("control off;").control, "");
}

TEST_F(ProcessTest, RefusesNonsense) {
  EXPECT_THAT(ErrorsOfWhole("worker_processes 0;"), HasSubstr("worker_processes"));
  EXPECT_THAT(ErrorsOfWhole("worker_processes many;"), HasSubstr("worker_processes"));
  EXPECT_THAT(ErrorsOfWhole("worker_cpu_affinity 0102;"), HasSubstr("expected a mask of CPUs"));
  EXPECT_THAT(ErrorsOfWhole("worker_cpu_affinity auto 01 10;"), HasSubstr("number of arguments"));
  EXPECT_THAT(ErrorsOfWhole("worker_priority 20;"), HasSubstr("worker_priority"));
  EXPECT_THAT(ErrorsOfWhole("worker_watchdog 50ms;"), HasSubstr("at least 100ms"));
  EXPECT_THAT(ErrorsOfWhole("worker_watchdog soon;"), HasSubstr("worker_watchdog"));
  EXPECT_THAT(ErrorsOfWhole("max_generations 0;"), HasSubstr("from 1 to 512"));
  EXPECT_THAT(ErrorsOfWhole("env =x;"), HasSubstr("expected NAME"));
  EXPECT_THAT(ErrorsOfWhole("user a; user b;"), HasSubstr("duplicate"));
}

}  // namespace
}  // namespace colmeia::site
