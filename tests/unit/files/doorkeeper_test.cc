#include "files/doorkeeper.h"

#include <string>

#include <gtest/gtest.h>

namespace colmeia::files {
namespace {

TEST(DoorkeeperTest, KnowsWhomItGreeted) {
  Doorkeeper doorkeeper(1024);
  EXPECT_FALSE(doorkeeper.Knows("/a"));
  EXPECT_FALSE(doorkeeper.Greet("/a"));
  EXPECT_TRUE(doorkeeper.Knows("/a"));
  EXPECT_TRUE(doorkeeper.Greet("/a"));
  EXPECT_FALSE(doorkeeper.Knows("/b"));
}

TEST(DoorkeeperTest, ForgetsWhomOthersFollowed) {
  Doorkeeper doorkeeper(16);
  doorkeeper.Greet("/a");
  for (int i = 0; i < 1000; ++i) doorkeeper.Greet("/other" + std::to_string(i));
  EXPECT_FALSE(doorkeeper.Knows("/a"));
}

TEST(DoorkeeperTest, RemembersMostOfAsManyAsItHasRoomFor) {
  Doorkeeper doorkeeper(1024);
  for (int i = 0; i < 1024; ++i) doorkeeper.Greet("/" + std::to_string(i));
  int known = 0;
  for (int i = 0; i < 1024; ++i) known += doorkeeper.Knows("/" + std::to_string(i)) ? 1 : 0;
  EXPECT_GT(known, 512);  // two thirds on the average: some fall on the same mark
}

}  // namespace
}  // namespace colmeia::files
