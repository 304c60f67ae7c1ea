#include "util/arena.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace colmeia::util {
namespace {

TEST(ArenaTest, CopiesAreEqualAndApart) {
  Arena arena;
  std::string text = "hello";

  const std::string_view copy = arena.Copy(text);
  text[0] = 'j';

  EXPECT_EQ(copy, "hello");
}

TEST(ArenaTest, JoinsPartsOfAnyStringKind) {
  Arena arena;

  EXPECT_EQ(arena.Concat("a", std::string("bc"), std::string_view("d"), ""), "abcd");
}

TEST(ArenaTest, AlignsWhatItIsAskedToAlign) {
  Arena arena;
  (void)arena.Allocate(3);

  const char* const aligned = arena.Allocate(8, 8);

  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned) % 8, 0U);
}

TEST(ArenaTest, KeepsEarlierBytesWhenItGrows) {
  Arena arena;
  const std::string_view first = arena.Copy("first");

  const std::string_view large = arena.Copy(std::string(100'000, 'x'));
  const std::string_view last = arena.Copy("last");

  EXPECT_EQ(first, "first");
  EXPECT_EQ(large, std::string(100'000, 'x'));
  EXPECT_EQ(last, "last");
}

TEST(ArenaTest, TakesNoMoreMemoryOnceItIsWarm) {
  Arena arena;
  (void)arena.Copy(std::string(1000, 'x'));
  const std::size_t warm = arena.capacity();

  for (int request = 0; request < 10; ++request) {
    arena.Reset();
    (void)arena.Copy(std::string(1000, 'y'));
  }

  EXPECT_EQ(arena.capacity(), warm);
}

TEST(ArenaTest, GivesBackLargeBlocksAtReset) {
  Arena arena;
  (void)arena.Copy("small");
  const std::size_t small = arena.capacity();
  (void)arena.Copy(std::string(1'000'000, 'x'));
  ASSERT_GT(arena.capacity(), 1'000'000U);

  arena.Reset();

  EXPECT_EQ(arena.capacity(), small);
}

TEST(ArenaTest, GivesBackALargeFirstBlockToo) {
  Arena arena;
  (void)arena.Copy(std::string(1'000'000, 'x'));

  arena.Reset();

  EXPECT_EQ(arena.capacity(), 0U);
}

TEST(ArenaTest, CopiesNothingToNothing) {
  Arena arena;

  EXPECT_EQ(arena.Copy(""), "");
}

}  // namespace
}  // namespace colmeia::util
