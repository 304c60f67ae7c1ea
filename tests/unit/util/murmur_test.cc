#include "util/murmur.h"

#include <gtest/gtest.h>

namespace colmeia::util {
namespace {

// Of every length of a rest; tests/golden/nginx/tables.json compares more with nginx.
TEST(MurmurTest, HashesAsNginxDoes) {
  EXPECT_EQ(MurmurHash2(""), 0x0U);
  EXPECT_EQ(MurmurHash2("a"), 0x92685f5eU);
  EXPECT_EQ(MurmurHash2("ab"), 0x1aa14063U);
  EXPECT_EQ(MurmurHash2("abc"), 0x13577c9bU);
  EXPECT_EQ(MurmurHash2("abcd"), 0x26873021U);
  EXPECT_EQ(MurmurHash2("abcdefghi"), 0xf0319aa7U);
}

}  // namespace
}  // namespace colmeia::util
