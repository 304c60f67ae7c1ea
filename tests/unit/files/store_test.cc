#include "files/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files/temp_folder.h"
#include "support/deadline.h"

namespace colmeia::files {
namespace {

class StoreTest : public testing::Test {
 protected:
  // Asks until the bytes are old enough to be believed; no request waits for that, tests of warm files do.
  void Warm(const std::string& path) {
    const auto deadline = std::chrono::steady_clock::now() + kTestDeadline;
    do {
      const std::uint64_t loads = store.counters().loads;
      ASSERT_TRUE(store.Open(path, {}));
      if (store.counters().loads == loads) return;
    } while (std::chrono::steady_clock::now() < deadline);
    FAIL() << path << " never settled";
  }

  std::string Content(const std::string& path) {
    const Lookup found = store.Open(path, {});
    return found ? std::string(found.file->content()) : "errno " + std::to_string(found.error);
  }

  TempFolder folder;
  Store store;
};

TEST_F(StoreTest, GivesASmallFileWithItsBytesAndTexts) {
  const std::string path = folder.Write("a.html", "hello");
  const timespec times[2] = {{.tv_sec = 784111777, .tv_nsec = 0}, {.tv_sec = 784111777, .tv_nsec = 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);

  const Lookup found = store.Open(path, {});

  ASSERT_TRUE(found);
  EXPECT_EQ(found.file->kind(), Kind::kRegular);
  EXPECT_TRUE(found.file->in_memory());
  EXPECT_EQ(found.file->content(), "hello");
  EXPECT_EQ(found.file->size(), 5u);
  EXPECT_EQ(found.file->last_modified(), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(found.file->etag(), "\"2ebc98a1-5\"");
}

TEST_F(StoreTest, AsksOnceForAWarmSmallFile) {
  const std::string path = folder.Write("a", "hello");
  Warm(path);
  const Store::Counters before = store.counters();

  for (int i = 0; i < 10; ++i) EXPECT_EQ(Content(path), "hello");

  EXPECT_EQ(store.counters().looks - before.looks, 10u);
  EXPECT_EQ(store.counters().loads, before.loads);
}

TEST_F(StoreTest, GivesTheVerySameFileWhileNothingChanges) {
  const std::string path = folder.Write("a", "hello");
  Warm(path);

  const Lookup first = store.Open(path, {});
  const Lookup second = store.Open(path, {});

  EXPECT_EQ(first.file, second.file);
}

TEST_F(StoreTest, NeverServesStaleBytesOfTheSameSize) {
  const std::string path = folder.Write("a", "0000");

  for (int i = 0; i < 2000; ++i) {
    std::string text = std::to_string(i);
    text.insert(0, 4 - text.size(), '0');
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(pwrite(fd, text.data(), text.size(), 0), 4);
    close(fd);
    ASSERT_EQ(Content(path), text);
  }
}

TEST_F(StoreTest, NeverServesStaleBytesWhoseDateWasSetBack) {
  const std::string path = folder.Write("a", "old!");
  Warm(path);
  struct stat before {};
  ASSERT_EQ(stat(path.c_str(), &before), 0);

  folder.Write("a", "new!");
  const timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);

  EXPECT_EQ(Content(path), "new!");
}

TEST_F(StoreTest, ReadsAgainWhatWasReadTooSoonAfterAChange) {
  // A slow machine may need longer than the tick: then another try.
  for (int attempt = 0; attempt < 100; ++attempt) {
    const auto before = std::chrono::steady_clock::now();
    const std::string path = folder.Write("a", "hello");
    const std::uint64_t loads = store.counters().loads;
    Content(path);
    Content(path);
    const std::uint64_t after = store.counters().loads;
    if (std::chrono::steady_clock::now() - before > std::chrono::milliseconds(10)) continue;
    EXPECT_EQ(after - loads, 2u);
    return;
  }
  GTEST_SKIP() << "this machine is too slow";
}

TEST_F(StoreTest, SeesAFileThatWasReplacedByRename) {
  const std::string path = folder.Write("a", "old");
  Warm(path);

  std::filesystem::rename(folder.Write("b", "newer"), path);

  EXPECT_EQ(Content(path), "newer");
}

TEST_F(StoreTest, SeesAFileVanishAndComeBack) {
  const std::string path = folder.Write("a", "old");
  Warm(path);

  std::filesystem::remove(path);
  EXPECT_EQ(store.Open(path, {}).error, ENOENT);
  EXPECT_EQ(store.paths(), 0u);

  folder.Write("a", "back");
  EXPECT_EQ(Content(path), "back");
}

TEST_F(StoreTest, GivesALargeFileWithADescriptorOfItsOwn) {
  const std::string path = folder.Write("a", std::string(100'000, 'x'));

  const Lookup first = store.Open(path, {});
  const Lookup second = store.Open(path, {});

  ASSERT_TRUE(first);
  EXPECT_FALSE(first.file->in_memory());
  EXPECT_GE(first.file->fd(), 0);
  EXPECT_NE(first.file->fd(), second.file->fd());
  EXPECT_EQ(first.file->size(), 100'000u);
}

// Writes within one tick of the clock, and reads between them: the times may be equal, the tags never.
TEST_F(StoreTest, NoTwoContentsHaveOneTag) {
  std::string path;
  std::set<std::string> tags;
  for (int i = 0; i < 50; ++i) {
    path = folder.Write("a", "same size " + std::to_string(100 + i));
    tags.insert(std::string(store.Open(path, {}).file->etag()));
  }
  EXPECT_EQ(tags.size(), 50U);
  tags.clear();
  for (int i = 0; i < 20; ++i) {
    path = folder.Write("b", std::string(100'000, static_cast<char>('a' + i)));
    tags.insert(std::string(store.Open(path, {}).file->etag()));
  }
  EXPECT_EQ(tags.size(), 20U);
}

// Who has a tag from the first moment keeps it as long as the bytes are the same.
TEST_F(StoreTest, TheTagOfAFreshFileIsFoundAgain) {
  const std::string path = folder.Write("a", "hello");
  std::array<char, http::kEtagSize> text{};
  const std::string fresh(store.Open(path, {}).file->EtagAs(http::EtagForm::kOn, true, text));
  EXPECT_NE(fresh.find(http::kEtagMark), std::string::npos);
  Warm(path);

  const Lookup settled = store.Open(path, {});

  EXPECT_EQ(settled.file->etag().find(http::kEtagMark), std::string_view::npos);
  EXPECT_EQ(settled.file->EtagAs(http::EtagForm::kOn, true, text), fresh);
  EXPECT_EQ(settled.file->EtagAs(http::EtagForm::kNginx, true, text).find(http::kEtagMark), std::string_view::npos);
}

// A file that has its times from elsewhere has the tag of its fellows at once.
TEST_F(StoreTest, ACopyThatKeepsItsTimesHasTheSameTag) {
  const timespec times[2] = {{.tv_sec = 784111777, .tv_nsec = 5}, {.tv_sec = 784111777, .tv_nsec = 5}};
  std::set<std::string> tags;
  for (const char* name : {"a", "b"}) {
    const std::string path = folder.Write(name, "hello");
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    tags.insert(std::string(store.Open(path, {}).file->etag()));
  }
  EXPECT_THAT(tags, testing::ElementsAre("\"2ebc98a1.5-5\""));
}

// A release is another folder behind the same link, whose files have the same names, sizes and times.
TEST_F(StoreTest, SeesThatALinkLeadsToAnotherTree) {
  const timespec times[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 1, .tv_nsec = 0}};
  for (const char* tree : {"1", "2"}) {
    std::filesystem::create_directory(folder / tree);
    const std::string file = folder.Write(std::string(tree) + "/a", std::string("release ") + tree);
    ASSERT_EQ(utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  }
  std::filesystem::create_symlink("1", folder / "current");
  const std::string path = folder / "current/a";
  Warm(path);
  const std::string tag(store.Open(path, {}).file->etag());
  std::filesystem::create_symlink("2", folder / "next");
  std::filesystem::rename(folder / "next", folder / "current");

  EXPECT_EQ(Content(path), "release 2");
  EXPECT_NE(store.Open(path, {}).file->etag(), tag);
}

TEST_F(StoreTest, ClosesALargeFileWithItsLastUser) {
  const std::string path = folder.Write("a", std::string(100'000, 'x'));
  const int fd = store.Open(path, {}).file->fd();
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

TEST_F(StoreTest, FollowsAFileAsItGrowsAndShrinks) {
  const std::string path = folder.Write("a", "small");
  EXPECT_TRUE(store.Open(path, {}).file->in_memory());
  folder.Write("a", std::string(100'000, 'x'));
  EXPECT_FALSE(store.Open(path, {}).file->in_memory());
  folder.Write("a", "small again");
  EXPECT_EQ(Content(path), "small again");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_EQ(store.Open(path, {}).file->kind(), Kind::kDirectory);
}

TEST_F(StoreTest, KeepsErrorsApart) {
  folder.Write("file", "x");
  std::filesystem::create_symlink("loop", folder / "loop");
  EXPECT_EQ(store.Open(folder / "none", {}).error, ENOENT);
  EXPECT_EQ(store.Open(folder / "file/below", {}).error, ENOTDIR);
  EXPECT_EQ(store.Open(folder / "loop", {}).error, ELOOP);
  EXPECT_EQ(store.Open(folder / std::string(300, 'n'), {}).error, ENAMETOOLONG);
  if (geteuid() != 0) {
    ASSERT_EQ(chmod(folder.Write("secret", "x").c_str(), 0), 0);
    EXPECT_EQ(store.Open(folder / "secret", {}).error, EACCES);
  }
}

TEST_F(StoreTest, DoesNotWaitForPipes) {
  const std::string path = folder / "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const Lookup found = store.Open(path, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found.file->kind(), Kind::kOther);
  EXPECT_FALSE(found.file->sendable());
}

TEST_F(StoreTest, OpensWhatIsNewWithoutAskingFirst) {
  EXPECT_EQ(Content(folder.Write("a", "hello")), "hello");
  EXPECT_EQ(store.counters().looks, 0u);
  EXPECT_EQ(store.counters().loads, 1u);
}

TEST_F(StoreTest, HasFactsOfWhatCannotBeOpened) {
  const std::string path = folder / "socket";
  ASSERT_EQ(mknod(path.c_str(), S_IFSOCK | 0600, 0), 0);
  const Lookup found = store.Open(path, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found.file->kind(), Kind::kOther);
}

TEST_F(StoreTest, AsksOnceWithinOneMoment) {
  const std::string path = folder.Write("index.html", "hello");
  Warm(path);
  const Store::Counters before = store.counters();

  EXPECT_TRUE(store.Open(path, {.want = Want::kFacts, .moment = 7}));
  EXPECT_EQ(store.Open(path, {.want = Want::kContent, .moment = 7}).file->content(), "hello");

  EXPECT_EQ(store.counters().looks - before.looks, 1u);
  EXPECT_EQ(store.counters().loads, before.loads);
}

TEST_F(StoreTest, AsksAgainInTheNextMoment) {
  const std::string path = folder.Write("a", "old");
  Warm(path);
  EXPECT_EQ(store.Open(path, {.moment = 7}).file->content(), "old");
  folder.Write("a", "new");
  EXPECT_EQ(store.Open(path, {.moment = 8}).file->content(), "new");
}

TEST_F(StoreTest, ReadsNothingForFacts) {
  const std::string path = folder.Write("a", "hello");
  const Lookup found = store.Open(path, {.want = Want::kFacts});
  ASSERT_TRUE(found);
  EXPECT_EQ(found.file->size(), 5u);
  EXPECT_EQ(store.counters().loads, 0u);
}

TEST(StoreLimitsTest, ForgetsTheLeastRecentlyUsedWhenFull) {
  TempFolder folder;
  Store store({.small = 64 * 1024, .bytes = 100 * 1024, .paths = 1000});
  const std::string a = folder.Write("a", std::string(40'000, 'a'));
  const std::string b = folder.Write("b", std::string(40'000, 'b'));
  const std::string c = folder.Write("c", std::string(40'000, 'c'));

  EXPECT_TRUE(store.Open(a, {}));
  EXPECT_TRUE(store.Open(b, {}));
  EXPECT_TRUE(store.Open(a, {}));
  EXPECT_TRUE(store.Open(c, {}));
  EXPECT_TRUE(store.Open(c, {}));  // the second sight

  EXPECT_EQ(store.paths(), 2u);
  EXPECT_LE(store.bytes(), 100u * 1024);
  // Of a and c facts are remembered, of b none: an untouched entry answers a repeated request without asking.
  const std::uint64_t looks = store.counters().looks;
  EXPECT_TRUE(store.Open(b, {.want = Want::kFacts, .moment = 1}));
  EXPECT_EQ(store.counters().looks, looks + 1);
}

TEST(StoreLimitsTest, HoldsNoMorePathsThanAllowed) {
  TempFolder folder;
  Store store({.small = 1024, .bytes = 1 << 20, .paths = 3});
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(store.Open(folder.Write(std::to_string(i / 2), "x"), {}));
  EXPECT_EQ(store.paths(), 3u);
}

// A store that is full with the path "kept".
class FullStoreTest : public testing::Test {
 protected:
  FullStoreTest() { EXPECT_TRUE(store.Open(kept, {})); }

  // Whether the path is remembered: then a question of the same moment as the last one asks nobody.
  bool Remembers(const std::string& path, std::uint64_t moment) {
    const std::uint64_t looks = store.counters().looks;
    EXPECT_TRUE(store.Open(path, {.want = Want::kFacts, .moment = moment}));
    return store.counters().looks == looks;
  }

  TempFolder folder;
  Store store{{.small = 1024, .bytes = 1 << 20, .paths = 1}};
  const std::string kept = folder.Write("kept", "k");
  const std::string other = folder.Write("other", "o");
};

TEST_F(FullStoreTest, TakesNothingInThatWasSeenOnce) {
  EXPECT_TRUE(store.Open(kept, {.want = Want::kFacts, .moment = 1}));
  EXPECT_EQ(store.Open(other, {.moment = 1}).file->content(), "o");
  EXPECT_TRUE(Remembers(kept, 1));
  EXPECT_FALSE(Remembers(other, 1));
}

TEST_F(FullStoreTest, TakesInWhatIsSeenAgain) {
  EXPECT_TRUE(store.Open(other, {.moment = 1}));
  EXPECT_TRUE(store.Open(other, {.moment = 1}));
  EXPECT_TRUE(Remembers(other, 1));
  EXPECT_FALSE(Remembers(kept, 1));
}

TEST_F(FullStoreTest, CountsFactsAndContentOfOneRequestOnce) {
  EXPECT_TRUE(store.Open(kept, {.want = Want::kFacts, .moment = 1}));
  EXPECT_TRUE(store.Open(other, {.want = Want::kFacts, .moment = 1}));
  EXPECT_TRUE(store.Open(other, {.want = Want::kContent, .moment = 1}));
  EXPECT_TRUE(Remembers(kept, 1));
}

TEST_F(FullStoreTest, SeesAChangeOfWhatItDidNotTakeIn) {
  EXPECT_EQ(store.Open(other, {}).file->content(), "o");
  folder.Write("other", "n");
  EXPECT_EQ(store.Open(other, {}).file->content(), "n");
}

TEST(StoreLimitsTest, KeepsBytesAliveForWhoSendsThem) {
  TempFolder folder;
  Store store({.small = 1024, .bytes = 1 << 20, .paths = 1});
  const Lookup sent = store.Open(folder.Write("a", "kept"), {});
  const std::string other = folder.Write("b", "other");
  EXPECT_TRUE(store.Open(other, {}));
  EXPECT_TRUE(store.Open(other, {}));
  EXPECT_EQ(sent.file->content(), "kept");
}

}  // namespace
}  // namespace colmeia::files
