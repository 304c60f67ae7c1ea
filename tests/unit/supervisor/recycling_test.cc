#include "supervisor/recycling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace colmeia::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kMiB = 1024 * 1024;

class RecyclingTest : public ::testing::Test {
 protected:
  std::vector<Due> Find() {
    return FindDue(workers_, [this](pid_t pid) -> std::optional<std::uint64_t> {
      const auto found = resident_.find(pid);
      if (found == resident_.end()) return std::nullopt;
      return found->second;
    });
  }
  static auto Slot(std::uint32_t slot) { return Field(&Due::slot, slot); }

  std::vector<Served> workers_;
  std::map<pid_t, std::uint64_t> resident_;
};

TEST_F(RecyclingTest, NobodyIsDueWithoutLimits) {
  workers_ = {{.slot = 0, .pid = 100, .requests = 1'000'000'000}};
  resident_ = {{100, 100'000 * kMiB}};

  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(RecyclingTest, AWorkerIsDueWhenItHasServedItsRequests) {
  workers_ = {{.slot = 0, .pid = 100, .requests = 999, .max_requests = 1000},
              {.slot = 1, .pid = 101, .requests = 1004, .max_requests = 1000}};

  const std::vector<Due> due = Find();

  ASSERT_THAT(due, ElementsAre(Slot(1)));
  EXPECT_EQ(due[0].why, "has served 1004 requests (worker_max_requests 1000)");
}

TEST_F(RecyclingTest, AWorkerIsDueWhenItHasGrownTooLarge) {
  workers_ = {{.slot = 0, .pid = 100, .max_memory = 64 * kMiB}, {.slot = 1, .pid = 101, .max_memory = 64 * kMiB}};
  resident_ = {{100, 63 * kMiB}, {101, 65 * kMiB}};

  const std::vector<Due> due = Find();

  ASSERT_THAT(due, ElementsAre(Slot(1)));
  EXPECT_EQ(due[0].why, "has 66560 KiB of memory resident (worker_max_memory 65536 KiB)");
}

TEST_F(RecyclingTest, WhoIsFurthestBeyondItsLimitComesFirst) {
  workers_ = {{.slot = 0, .pid = 100, .requests = 1100, .max_requests = 1000},
              {.slot = 1, .pid = 101, .requests = 1300, .max_requests = 1000},
              {.slot = 2, .pid = 102, .max_memory = 10 * kMiB}};
  resident_ = {{102, 12 * kMiB}};

  EXPECT_THAT(Find(), ElementsAre(Slot(1), Slot(2), Slot(0)));
}

TEST_F(RecyclingTest, TheGraverOfTwoReasonsIsTold) {
  workers_ = {{.slot = 0, .pid = 100, .requests = 1100, .max_requests = 1000, .max_memory = 10 * kMiB}};
  resident_ = {{100, 20 * kMiB}};

  EXPECT_THAT(Find(), ElementsAre(Field(&Due::why, HasSubstr("worker_max_memory"))));
}

TEST_F(RecyclingTest, AWorkerThatIsGoneMeanwhileIsNotDueForItsMemory) {
  workers_ = {{.slot = 0, .pid = 100, .max_memory = 1}};

  EXPECT_THAT(Find(), IsEmpty());
}

}  // namespace
}  // namespace colmeia::supervisor
