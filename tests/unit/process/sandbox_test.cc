#include "process/sandbox.h"

#include "gmock/gmock.h"

namespace colmeia::process {
namespace {

using ipc::Sandbox;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int kNewest = 6;

TEST(SandboxGapTest, NothingIsMissingFromAKernelThatHasBoth) {
  for (int landlock = 1; landlock <= kNewest; ++landlock) {
    EXPECT_THAT(SandboxGap(Sandbox::kOn, {.landlock = landlock, .filter = true}), IsEmpty());
    EXPECT_THAT(SandboxGap(Sandbox::kStrict, {.landlock = landlock, .filter = true}), IsEmpty());
  }
}

TEST(SandboxGapTest, NothingIsMissedBySomebodyWhoWantsNone) {
  EXPECT_THAT(SandboxGap(Sandbox::kOff, {.landlock = 0, .filter = false}), IsEmpty());
}

TEST(SandboxGapTest, WithoutLandlockWritingIsStillRefused) {
  EXPECT_THAT(SandboxGap(Sandbox::kOn, {.landlock = 0, .filter = true}),
              AllOf(HasSubstr("no Landlock"), HasSubstr("can read the memory of other processes"),
                    HasSubstr("still keeps it from writing")));
}

TEST(SandboxGapTest, WithoutFiltersItSaysWhatLandlockOfThatVersionLeaves) {
  const std::string old = SandboxGap(Sandbox::kOn, {.landlock = 1, .filter = false});
  const std::string present = SandboxGap(Sandbox::kOn, {.landlock = kNewest, .filter = false});
  EXPECT_THAT(old, AllOf(HasSubstr("no seccomp filters"), HasSubstr("connect to others"), HasSubstr("signal")));
  EXPECT_THAT(present, AllOf(HasSubstr("no seccomp filters"), Not(HasSubstr("connect")), Not(HasSubstr("signal"))));
}

TEST(SandboxGapTest, WithoutBothNothingIsPromised) {
  EXPECT_THAT(SandboxGap(Sandbox::kOn, {.landlock = 0, .filter = false}),
              AllOf(HasSubstr("neither"), HasSubstr("whatever its user may")));
}

}  // namespace
}  // namespace colmeia::process
