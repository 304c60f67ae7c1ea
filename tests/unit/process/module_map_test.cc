#include "process/module_map.h"

#include <stdio.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::process {

// A function with a name that the linker knows.
__attribute__((noinline)) int Landmark(int value) {
  asm volatile("" : "+r"(value));
  return value;
}

namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::uintptr_t AddressOf(int (*function)(int)) { return reinterpret_cast<std::uintptr_t>(function); }

class ModuleMapTest : public ::testing::Test {
 protected:
  ModuleMapTest() { map_.Load(); }
  ModuleMap map_;
};

TEST_F(ModuleMapTest, NamesTheProgramAndTheFunction) {
  const ModuleMap::Place place = map_.Find(AddressOf(Landmark));

  EXPECT_EQ(place.file, std::filesystem::read_symlink("/proc/self/exe").string());
  EXPECT_THAT(std::string(place.function), HasSubstr("Landmark"));
  EXPECT_GT(place.offset, 0u);
}

TEST_F(ModuleMapTest, OffsetsCountWithinTheFile) {
  const ModuleMap::Place start = map_.Find(AddressOf(Landmark));
  const ModuleMap::Place within = map_.Find(AddressOf(Landmark) + 1);

  EXPECT_EQ(within.offset, start.offset + 1);
  EXPECT_EQ(within.function, start.function);
}

TEST_F(ModuleMapTest, NamesALibrary) {
  const ModuleMap::Place place = map_.Find(reinterpret_cast<std::uintptr_t>(stdout));

  EXPECT_THAT(std::string(place.file), HasSubstr("libc.so"));
  EXPECT_EQ(place.function, "");
}

TEST_F(ModuleMapTest, KnowsNothingOfOtherMemory) {
  int local = 0;

  EXPECT_EQ(map_.Find(reinterpret_cast<std::uintptr_t>(&local)).file, "");
  EXPECT_EQ(map_.Find(0).file, "");
  EXPECT_EQ(map_.Find(UINTPTR_MAX).file, "");
}

TEST_F(ModuleMapTest, KnowsTheBuildId) {
  EXPECT_THAT(std::string(map_.build_id()), MatchesRegex("([0-9a-f][0-9a-f])+"));
}

}  // namespace
}  // namespace colmeia::process
