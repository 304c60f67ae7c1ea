#include "lab/progress.h"

#include "gtest/gtest.h"

namespace colmeia::lab {
namespace {

TEST(ProgressTest, TheBarFillsAsTheWorkGoesOn) {
  EXPECT_EQ(DrawBar(0, "pipe", 80), "[..............................]   0 %  pipe");
  EXPECT_EQ(DrawBar(0.5, "pipe", 80), "[###############...............]  50 %  pipe");
  EXPECT_EQ(DrawBar(1, "pipe", 80), "[##############################] 100 %  pipe");
}

TEST(ProgressTest, TheBarStaysWithinItsBounds) {
  EXPECT_EQ(DrawBar(7, "pipe", 80), DrawBar(1, "pipe", 80));
  EXPECT_EQ(DrawBar(-1, "pipe", 80), DrawBar(0, "pipe", 80));
  EXPECT_EQ(DrawBar(0.5, "a long name", 35).size(), 35U);
}

}  // namespace
}  // namespace colmeia::lab
