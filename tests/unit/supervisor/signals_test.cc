#include "supervisor/signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <set>

namespace colmeia::supervisor {
namespace {

TEST(SignalTableTest, HasNginxVerbs) {
  EXPECT_EQ(FindVerb("stop")->number, SIGTERM);
  EXPECT_EQ(FindVerb("quit")->number, SIGQUIT);
  EXPECT_EQ(FindVerb("reload")->number, SIGHUP);
  EXPECT_EQ(FindVerb("reopen")->number, SIGUSR1);
  EXPECT_EQ(FindVerb("restart"), nullptr);
  EXPECT_EQ(FindVerb(""), nullptr);
}

TEST(SignalTableTest, NamesEachSignalOnceAndCompletely) {
  std::set<int> numbers;
  for (const SignalRow& row : SignalTable()) {
    EXPECT_TRUE(numbers.insert(row.number).second) << row.name;
    EXPECT_EQ(DescribeSignal(row.number), "signal " + std::to_string(row.number) + " (" + std::string(row.name) + ")");
    EXPECT_FALSE(row.action.empty()) << row.name;
    EXPECT_TRUE(row.meaning.ends_with('.')) << row.name;
    EXPECT_EQ(FindSignal(row.number), &row);
  }
  EXPECT_FALSE(numbers.contains(SIGCHLD));
}

TEST(SignalTableTest, OnlyTerminalSignalsMustComeFromAProcess) {
  for (const SignalRow& row : SignalTable()) {
    const bool terminal = row.number == SIGWINCH || row.number == SIGTTIN || row.number == SIGTTOU;
    EXPECT_EQ(row.processes_only, terminal) << row.name;
  }
}

TEST(DescribeExitTest, TellsCodesAndSignalsInWords) {
  EXPECT_EQ(DescribeExit(1, 0), "exited with code 1");
  EXPECT_EQ(DescribeExit(0, SIGKILL), "was killed by signal 9 (SIGKILL)");
  EXPECT_EQ(DescribeSignal(1000), "signal 1000");
}

TEST(SignalTableTest, HasARowForEachWish) {
  for (const SignalRow& row : SignalTable()) EXPECT_EQ(RowOf(row.wish).wish, row.wish);
  EXPECT_EQ(RowOf(Wish::kStop).verb, "stop");
}

}  // namespace
}  // namespace colmeia::supervisor
