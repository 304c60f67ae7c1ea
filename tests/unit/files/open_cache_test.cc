#include "files/open_cache.h"

#include <cerrno>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "files/store.h"
#include "files/temp_folder.h"
#include "manual_clock.h"

namespace colmeia::files {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class OpenCacheTest : public testing::Test {
 protected:
  Lookup Open(const std::string& path, Want want = Want::kContent) {
    return store.Open(path, {.want = want, .rules = &rules, .now = clock.Now()});
  }

  TempFolder folder;
  util::ManualClock clock;
  CacheRules rules{.cache = std::make_shared<const CacheSpec>(CacheSpec{.max = 3, .inactive = seconds(20)}),
                   .valid = seconds(10),
                   .min_uses = 1,
                   .errors = false};
  Store store;
};

TEST_F(OpenCacheTest, BelievesWhatItKnowsWhileItIsValid) {
  const std::string path = folder.Write("a", "old");
  EXPECT_EQ(Open(path).file->content(), "old");
  folder.Write("a", "new and longer");

  clock.Advance(seconds(10) - milliseconds(1));
  EXPECT_EQ(Open(path).file->content(), "old");

  clock.Advance(milliseconds(1));
  EXPECT_EQ(Open(path).file->content(), "new and longer");
}

TEST_F(OpenCacheTest, ServesAFileThatIsGoneWhileItIsValid) {
  const std::string path = folder.Write("a", "old");
  EXPECT_TRUE(Open(path));
  std::filesystem::remove(path);

  EXPECT_TRUE(Open(path));
  clock.Advance(seconds(11));
  EXPECT_EQ(Open(path).error, ENOENT);
}

TEST_F(OpenCacheTest, KeepsTheDescriptorOfALargeFile) {
  const std::string path = folder.Write("a", std::string(100'000, 'x'));
  const int fd = Open(path).file->fd();

  EXPECT_EQ(Open(path).file->fd(), fd);
  clock.Advance(seconds(11));
  EXPECT_EQ(Open(path).file->fd(), fd) << "unchanged after a new look";
}

TEST_F(OpenCacheTest, KeepsADescriptorOnlyAfterMinUses) {
  rules.min_uses = 2;
  const std::string path = folder.Write("a", std::string(100'000, 'x'));

  const Lookup first = Open(path);
  const Lookup second = Open(path);
  const Lookup third = Open(path);

  EXPECT_NE(first.file, second.file);
  EXPECT_EQ(second.file, third.file);
}

TEST_F(OpenCacheTest, RemembersErrorsOnlyOnRequest) {
  EXPECT_EQ(Open(folder / "a").error, ENOENT);
  folder.Write("a", "x");
  EXPECT_TRUE(Open(folder / "a"));

  rules.errors = true;
  EXPECT_EQ(Open(folder / "b").error, ENOENT);
  folder.Write("b", "x");
  EXPECT_EQ(Open(folder / "b").error, ENOENT);
  clock.Advance(seconds(10));
  EXPECT_TRUE(Open(folder / "b"));
}

TEST_F(OpenCacheTest, GivesThePlaceOfTheLeastRecentlyUsed) {
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(Open(folder.Write(name, "old")));
  EXPECT_TRUE(Open(folder / "a"));
  EXPECT_TRUE(Open(folder.Write("d", "old")));
  for (const char* name : {"a", "b"}) folder.Write(name, "new");

  EXPECT_EQ(Open(folder / "a").file->content(), "old");
  EXPECT_EQ(Open(folder / "b").file->content(), "new");
}

TEST_F(OpenCacheTest, ForgetsWhatNobodyAsksFor) {
  const std::string path = folder.Write("a", "old");
  const std::string other = folder.Write("b", "x");
  rules.valid = seconds(1000);
  EXPECT_TRUE(Open(path));
  folder.Write("a", "new");

  clock.Advance(seconds(21));
  EXPECT_TRUE(Open(other));

  EXPECT_EQ(Open(path).file->content(), "new");
}

TEST_F(OpenCacheTest, LoadsBytesAfterFacts) {
  const std::string path = folder.Write("a", "bytes");
  EXPECT_FALSE(Open(path, Want::kFacts).file->sendable());
  EXPECT_EQ(Open(path).file->content(), "bytes");
}

TEST_F(OpenCacheTest, SharesOneCacheAmongPlacesThatInheritIt) {
  const std::string path = folder.Write("a", "old");
  EXPECT_TRUE(Open(path));
  folder.Write("a", "new!");
  const CacheRules inherited = rules;
  const CacheRules other{.cache = std::make_shared<const CacheSpec>(*rules.cache), .valid = seconds(10)};

  EXPECT_EQ(store.Open(path, {.rules = &inherited, .now = clock.Now()}).file->content(), "old");
  EXPECT_EQ(store.Open(path, {.rules = &other, .now = clock.Now()}).file->content(), "new!");
}

TEST_F(OpenCacheTest, KeepsDescriptorsWhenMemoryIsFull) {
  Store small_store({.small = 1024, .bytes = 1000, .paths = 10});
  const std::string a = folder.Write("a", std::string(1000, 'a'));
  const std::string b = folder.Write("b", std::string(1000, 'b'));
  const Query query{.rules = &rules, .now = clock.Now()};
  EXPECT_TRUE(small_store.Open(a, query).file->in_memory());
  EXPECT_GE(small_store.Open(b, query).file->fd(), 0);
}

}  // namespace
}  // namespace colmeia::files
