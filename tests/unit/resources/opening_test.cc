#include "resources/opening.h"

#include "resources/listening_fixture.h"
#include "supervisor/events_of.h"

namespace colmeia::resources {
namespace {

class OpeningTest : public ListeningTest {
 protected:
  void Open(std::uint32_t generation = 1) {
    opening_.Open(generation, PlanOf(1, {address_}, false), [this](Result<> result) { result_ = std::move(result); });
  }

  loop::Loop loop_;
  Resources resources_;
  Opening opening_{loop_, resources_};
  std::optional<Result<>> result_;
};

TEST_F(OpeningTest, AnswersAtOnceWhenNothingIsInTheWay) {
  Open();

  ASSERT_TRUE(result_);
  EXPECT_TRUE(*result_);
}

TEST_F(OpeningTest, WaitsForAnAddressThatIsAboutToBeFree) {
  auto taken = sys::Listen(address_);
  ASSERT_TRUE(taken);
  Open();
  loop_.RunOnce();
  EXPECT_FALSE(result_);

  taken->reset();
  supervisor::TurnUntil(loop_, [&] { return result_.has_value(); });

  EXPECT_TRUE(*result_);
}

TEST_F(OpeningTest, GivesUpWithinASecondAndNamesTheHolder) {
  const auto taken = sys::Listen(address_);
  ASSERT_TRUE(taken);
  loop_.UpdateTime();
  const auto begin = loop_.Now();
  Open();
  supervisor::TurnUntil(loop_, [&] { return result_.has_value(); });

  ASSERT_FALSE(*result_);
  EXPECT_GE(loop_.Now() - begin, Opening::kPatience);
  EXPECT_THAT(result_->error().message, testing::HasSubstr("listens there"));
}

TEST_F(OpeningTest, AReloadGivesUpEarlier) {
  const auto taken = sys::Listen(address_);
  ASSERT_TRUE(taken);
  // On a busy machine any length of time may seem longer; one of some tries is not.
  util::Duration took = Opening::kPatience;
  for (int tries = 0; tries < 10 && took >= Opening::kPatience; ++tries) {
    result_.reset();
    loop_.UpdateTime();
    const auto begin = loop_.Now();
    Open(/*generation=*/2);
    supervisor::TurnUntil(loop_, [&] { return result_.has_value(); });
    EXPECT_FALSE(*result_);
    took = loop_.Now() - begin;
    EXPECT_GE(took, Opening::kPatienceOfReload);
  }

  EXPECT_LT(took, Opening::kPatience);
}

TEST_F(OpeningTest, OtherErrorsAreNotTriedAgain) {
  auto plan = std::make_shared<ipc::Plan>(*PlanOf(1, {}, false));
  plan->pid_path = dir_ / "none/test.pid";
  opening_.Open(1, plan, [this](Result<> result) { result_ = std::move(result); });

  ASSERT_TRUE(result_);
  EXPECT_FALSE(*result_);
}

TEST_F(OpeningTest, IsSilentOnceCancelled) {
  const auto taken = sys::Listen(address_);
  ASSERT_TRUE(taken);
  Open();
  opening_.Cancel(1);

  EXPECT_FALSE(loop_.Turn());
  EXPECT_FALSE(result_);
}

}  // namespace
}  // namespace colmeia::resources
