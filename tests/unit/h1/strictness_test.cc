#include "h1/strictness.h"

#include <gtest/gtest.h>

namespace colmeia::h1 {
namespace {

TEST(StrictnessTest, LlhttpWasBuiltWithItsStrictParser) { EXPECT_TRUE(LlhttpIsStrict()); }

}  // namespace
}  // namespace colmeia::h1
