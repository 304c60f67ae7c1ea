#include "master/sampler.h"

#include <gmock/gmock.h>

namespace colmeia::master {
namespace {

using testing::Optional;

TEST(SamplerTest, TellsOfAFewAndCountsTheOthers) {
  Sampler sampler;
  const util::TimePoint begin{};

  EXPECT_THAT(sampler.Sent(1, 10, begin), Optional(0u));
  EXPECT_EQ(sampler.Sent(2, 10, begin), std::nullopt);
  EXPECT_EQ(sampler.Sent(1, 11, begin + Sampler::kEvery / 2), std::nullopt);

  EXPECT_THAT(sampler.Sent(2, 11, begin + Sampler::kEvery), Optional(2u));
  EXPECT_THAT(sampler.Sent(2, 12, begin + 3 * Sampler::kEvery), Optional(0u));
}

TEST(SamplerTest, AnAnswerIsToldWithItsMessage) {
  Sampler sampler;
  ASSERT_TRUE(sampler.Sent(1, 10, {}));
  ASSERT_FALSE(sampler.Sent(2, 20, {}));

  EXPECT_TRUE(sampler.Answers(1, 10));
  EXPECT_FALSE(sampler.Answers(2, 20));
  EXPECT_FALSE(sampler.Answers(1, 11));
}

}  // namespace
}  // namespace colmeia::master
