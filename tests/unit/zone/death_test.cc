// Writers that are killed at whatever instruction they are at, thousands of them.
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zone/count_table.h"
#include "zone/memory.h"
#include "zone/rate_table.h"

namespace colmeia::zone {
namespace {

constexpr int kRounds = 200;

class DeathTest : public testing::Test {
 protected:
  // Runs `work` again and again in two children at once, and kills both somewhere in it.
  void KillTwo(const std::function<void(std::uint32_t holder, std::mt19937& random)>& work) {
    std::array<pid_t, 2> children{};
    for (std::uint32_t holder = 0; holder < children.size(); ++holder) {
      *Turns(holder) = 0;
      const auto seed = static_cast<std::uint32_t>(random_());
      children[holder] = fork();
      ASSERT_GE(children[holder], 0);
      if (children[holder] != 0) continue;
      std::mt19937 random(seed);
      for (;;) {
        work(holder, random);
        ++*Turns(holder);
      }
    }
    // Each has begun; then a moment that is never the same.
    const auto turns = static_cast<unsigned>(random_() % 40);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (std::uint32_t holder = 0; holder < children.size(); ++holder) {
      while (*Turns(holder) <= turns && std::chrono::steady_clock::now() < deadline) {
        sched_yield();
      }
      kill(children[holder], SIGKILL);
    }
    for (const pid_t child : children) {
      int status = 0;
      waitpid(child, &status, 0);
      ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
  }

  std::atomic<unsigned>* Turns(std::uint32_t holder) { return &(*turns_)[holder]; }

  std::mt19937 random_{4711};
  Shared<std::array<std::atomic<unsigned>, 2>> turns_;
};

// No hash may have two slots: then a key would have two counts.
void ExpectNoTwins(const Table& table) {
  std::map<std::uint64_t, int> seen;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (Table::IsSet(table[i].state.load())) ++seen[table[i].hash.load()];
  }
  for (const auto& [hash, count] : seen) ASSERT_EQ(count, 1) << hash;
}

std::size_t BusySlots(const Table& table) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < table.size(); ++i) count += Table::IsBusy(table[i].state.load()) ? 1 : 0;
  return count;
}

TEST_F(DeathTest, EveryCountOfTheDeadComesBackAndNothingOfTheLiving) {
  const Memory memory({.kind = ZoneKind::kCounts, .size = kLeastSize});
  const Table table = memory.table();
  const CountTable living(table, memory.share(7), 7);
  const std::vector<std::string> keys = {"a", "b", "c"};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t times = 0; times <= i; ++times) {
      ASSERT_EQ(living.Take(table.Hash(keys[i]), 100, 1000).verdict, CountTable::Verdict::kTaken);
    }
  }
  for (int round = 0; round < kRounds; ++round) {
    KillTwo([&](std::uint32_t holder, std::mt19937& random) {
      const CountTable counts(table, memory.share(holder), holder);
      // Some that the living has as well, and some that come and go.
      const std::string key = random() % 2 == 0 ? keys[random() % 3] : "x" + std::to_string(random() % 4000);
      const CountTable::Result taken =
          counts.Take(table.Hash(key), 5, 1000 + static_cast<std::uint64_t>(round) * 20'000);
      if (taken.verdict == CountTable::Verdict::kTaken && random() % 8 != 0) counts.Give(taken.index);
    });
    for (std::uint32_t holder = 0; holder < 2; ++holder) {
      static_cast<void>(CountTable::GiveBack(table, memory.share(holder), holder, kMaster));
    }
    for (std::size_t i = 0; i < keys.size(); ++i) ASSERT_EQ(living.Of(table.Hash(keys[i])), i + 1) << round;
    for (int i = 0; i < 4000; i += 1 + static_cast<int>(round % 7)) {
      ASSERT_EQ(living.Of(table.Hash("x" + std::to_string(i))), 0u) << round;
    }
  }
  ExpectNoTwins(table);
  EXPECT_LE(BusySlots(table), 2u * kRounds);
}

TEST_F(DeathTest, RatesStayRightAndNoSlotIsLost) {
  const Memory memory({.kind = ZoneKind::kRates, .size = kLeastSize});
  const Table table = memory.table();
  const RateTable rates(table);
  std::uint64_t now = 1'000'000;
  const std::uint64_t untouched = table.Hash("untouched");
  for (int round = 0; round < kRounds; ++round) {
    now += 20'000;
    for (std::uint64_t i = 0; i < 3; ++i) {
      const RateTable::Result own = rates.Take(untouched, 1000, 2000, {.holder = 7, .now_ms = now});
      ASSERT_EQ(own.excess, i * 1000) << round;
    }
    KillTwo([&](std::uint32_t holder, std::mt19937& random) {
      const std::string key = std::to_string(random() % 3000);
      static_cast<void>(rates.Take(table.Hash(key), 1000, 5000, {.holder = holder, .now_ms = now + random() % 2900}));
    });
    ASSERT_EQ(rates.Look(untouched, 1000, 2000, now).excess, 3000u) << round;
    ExpectNoTwins(table);
    ASSERT_LE(BusySlots(table), 8u) << round;  // the dead's become free, and are used again
  }
}

// Without deaths, many at once: never more than the limit, and in the end nothing.
TEST_F(DeathTest, ALimitIsKeptExactlyByProcessesThatRace) {
  constexpr int kProcesses = 4;
  constexpr std::uint64_t kLimit = 3;
  const Memory memory({.kind = ZoneKind::kCounts, .size = kLeastSize});
  const Table table = memory.table();
  const Shared<std::array<std::atomic<int>, 4>> inside;
  const Shared<std::atomic<int>> mistakes;
  std::vector<pid_t> children;
  for (std::uint32_t holder = 0; holder < kProcesses; ++holder) {
    children.push_back(fork());
    ASSERT_GE(children.back(), 0);
    if (children.back() != 0) continue;
    const CountTable counts(table, memory.share(holder), holder);
    std::mt19937 random(holder);
    for (int i = 0; i < 50'000; ++i) {
      const std::size_t key = random() % inside->size();
      const CountTable::Result taken = counts.Take(table.Hash(std::to_string(key)), kLimit, 1000);
      if (taken.verdict == CountTable::Verdict::kFull) ++*mistakes;
      if (taken.verdict != CountTable::Verdict::kTaken) continue;
      if (++(*inside)[key] > static_cast<int>(kLimit)) ++*mistakes;
      --(*inside)[key];
      counts.Give(taken.index);
    }
    _exit(0);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_EQ(*mistakes, 0);
  const CountTable anyone(table, memory.share(9), 9);
  for (int key = 0; key < 4; ++key) EXPECT_EQ(anyone.Of(table.Hash(std::to_string(key))), 0u);
  ExpectNoTwins(table);
}

}  // namespace
}  // namespace colmeia::zone
