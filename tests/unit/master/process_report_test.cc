#include "master/process_report.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::master {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr pid_t kPid = 77;

// A folder that looks like /proc, with one process.
class PostmortemTest : public ::testing::Test {
 protected:
  PostmortemTest() {
    std::string name = std::filesystem::temp_directory_path() / "colmeia-proc-XXXXXX";
    proc_ = mkdtemp(name.data());
    process_ = proc_ / std::to_string(kPid);
    std::filesystem::create_directories(process_ / "fd");
  }
  ~PostmortemTest() override { std::filesystem::remove_all(proc_); }

  void Write(const std::string& name, const std::string& text) const { std::ofstream(process_ / name) << text; }
  void GivenStatus(const std::string& state, int tracer) const {
    Write("status",
          fmt::format("Name:\tcolmeia\nUmask:\t0022\nState:\t{}\nTgid:\t{}\nTracerPid:\t{}\nUid:\t0\t0\t0\t0\n", state,
                      kPid, tracer));
  }
  [[nodiscard]] std::string Describe() const { return DescribeProcess(kPid, proc_); }

  std::filesystem::path proc_;
  std::filesystem::path process_;
};

TEST_F(PostmortemTest, TellsTheStateWhenNothingElseMayBeRead) {
  GivenStatus("T (stopped)", 0);
  Write("wchan", "0");

  EXPECT_EQ(Describe(), "state T (stopped)");
}

TEST_F(PostmortemTest, TellsWhereTheKernelHoldsIt) {
  GivenStatus("D (disk sleep)", 0);
  Write("wchan", "rpc_wait_bit_killable");

  EXPECT_EQ(Describe(), "state D (disk sleep), waits in rpc_wait_bit_killable");
}

TEST_F(PostmortemTest, NamesTheSystemCallAndItsFile) {
  GivenStatus("D (disk sleep)", 0);
  Write("syscall", fmt::format("{} 0x7 0x7ffd0000 0x1000 0x0 0x0 0x0 0x7ffd1111 0x7f002222\n", SYS_read));
  std::filesystem::create_symlink("/mnt/far/page.html", process_ / "fd/7");

  EXPECT_THAT(Describe(), HasSubstr(", in system call read on descriptor 7 (/mnt/far/page.html)"));
}

TEST_F(PostmortemTest, ASystemCallOfNoDescriptorHasItsNameOnly) {
  GivenStatus("S (sleeping)", 0);
  Write("syscall", fmt::format("{} 0x7 0x0 0x0 0x0 0x0 0x0 0x7ffd1111 0x7f002222\n", SYS_futex));

  EXPECT_EQ(Describe(), "state S (sleeping), in system call futex");
}

TEST_F(PostmortemTest, AnUnknownSystemCallHasItsNumber) {
  GivenStatus("S (sleeping)", 0);
  Write("syscall", "9999 0x7 0x0 0x0 0x0 0x0 0x0 0x7ffd1111 0x7f002222\n");

  EXPECT_THAT(Describe(), HasSubstr(", in system call 9999"));
}

TEST_F(PostmortemTest, ARunningProcessIsInNoSystemCall) {
  GivenStatus("R (running)", 0);
  Write("syscall", "running\n");
  EXPECT_EQ(Describe(), "state R (running)");

  Write("syscall", "-1 0x7ffd1111 0x7f002222\n");
  EXPECT_EQ(Describe(), "state R (running)");
}

TEST_F(PostmortemTest, TellsHowMuchCpuWasUsed) {
  const long ticks = sysconf(_SC_CLK_TCK);
  GivenStatus("R (running)", 0);
  Write("stat", fmt::format("{} (a (b) c) R 1 77 77 0 -1 4194304 5 0 0 0 {} {} 0 0 20 0 1 0 100 1 1 1\n", kPid,
                            ticks * 2, ticks / 2));

  EXPECT_EQ(Describe(), "state R (running), 2.50 s of CPU used, 0.50 s of it in the kernel");
}

TEST_F(PostmortemTest, TellsTheTopOfTheKernelStack) {
  GivenStatus("D (disk sleep)", 0);
  Write("stack",
        "[<0>] a+0x1/0x2\n[<0>] b+0x1/0x2\n[<0>] c+0x1/0x2\n[<0>] d+0x1/0x2\n[<0>] e+0x1/0x2\n[<0>] f+0x1/0x2\n"
        "[<0>] g+0x1/0x2\n");

  EXPECT_EQ(Describe(), "state D (disk sleep), kernel stack a < b < c < d < e < f");
}

TEST_F(PostmortemTest, KnowsAProcessThatADebuggerHolds) {
  GivenStatus("t (tracing stop)", 4711);

  EXPECT_TRUE(IsTraced(kPid, proc_));
  EXPECT_THAT(Describe(), HasSubstr("traced by process 4711"));

  GivenStatus("S (sleeping)", 0);
  EXPECT_FALSE(IsTraced(kPid, proc_));
}

TEST_F(PostmortemTest, AProcessThatIsGoneHasNothingToTell) {
  EXPECT_FALSE(IsTraced(1, proc_));
  EXPECT_EQ(DescribeProcess(1, proc_), "the process is gone");
  EXPECT_EQ(ResidentMemory(1, proc_), std::nullopt);
}

TEST_F(PostmortemTest, GarbageIsLeftOut) {
  GivenStatus("S (sleeping)", 0);
  Write("syscall", "read 0x7 garbage");
  Write("stat", "no parenthesis");
  Write("statm", "many pages");

  EXPECT_EQ(Describe(), "state S (sleeping)");
  EXPECT_EQ(ResidentMemory(kPid, proc_), std::nullopt);
}

TEST_F(PostmortemTest, ReadsABoundedPartOfAFile) {
  GivenStatus("S (sleeping)", 0);
  Write("wchan", std::string(1'000'000, 'x'));

  EXPECT_LT(Describe().size(), 5000u);
}

TEST_F(PostmortemTest, MeasuresResidentMemory) {
  Write("statm", "1000 250 100 10 0 50 0\n");

  EXPECT_EQ(ResidentMemory(kPid, proc_), 250u * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
}

TEST_F(PostmortemTest, ReadsTheRealThing) {
  EXPECT_FALSE(IsTraced(getppid()));
  EXPECT_THAT(DescribeProcess(getpid()), HasSubstr("state R (running)"));
  EXPECT_THAT(DescribeProcess(getpid()), HasSubstr("s of CPU used"));
  EXPECT_GT(ResidentMemory(getpid()).value_or(0), 1'000'000u);
  EXPECT_THAT(DescribeProcess(getpid()), Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace colmeia::master
