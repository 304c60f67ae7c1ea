#include "pipeline/variant_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "files/temp_folder.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "support/deadline.h"
#include "sys/files.h"

namespace colmeia::pipeline {
namespace {

using scoreboard::Total;
using File = std::shared_ptr<const files::File>;

constexpr std::size_t kLimit = 1 << 20;

class VariantCacheTest : public testing::Test {
 protected:
  static File Small(std::string content, ino_t inode = 1, std::int64_t changed = 1, bool settled = true) {
    files::Stamp stamp;
    stamp.inode = inode;
    stamp.mode = S_IFREG;
    stamp.size = content.size();
    stamp.changed_s = changed;
    return std::make_shared<const files::File>(stamp, std::move(content),
                                               files::Settling{.changed = settled, .modified = settled});
  }
  File Large(std::string_view content) {
    sys::UniqueFd fd = *sys::OpenFile(folder.Write("large", content), O_RDWR);
    struct stat status {};
    EXPECT_EQ(::fstat(fd.get(), &status), 0);
    return std::make_shared<const files::File>(files::Stamp::Of(status), std::move(fd));
  }
  static VariantCache::Recipe Gzip(int level = 1) {
    return {.coding = http::Coding::kGzip, .level = level, .make = [level](std::uint64_t length) {
              return coding::MakeGzipEncoder({.level = level, .length = length});
            }};
  }
  static std::string Unpack(const VariantCache::Variant& variant) {
    return coding::RunWhole(*coding::MakeGzipDecoder(), *variant, 1 << 24).value_or("(not gzip)");
  }
  void Settle() {
    loop::Timer tick(loop, [] {});
    tick.StartEvery(util::Milliseconds(5));
    const auto deadline = std::chrono::steady_clock::now() + kTestDeadline;
    while (cache.busy() && std::chrono::steady_clock::now() < deadline) loop.RunOnce();
  }
  std::uint64_t Count(Total total) { return scoreboard::SlotWriter(slot).Get(total); }

  files::TempFolder folder;
  scoreboard::Slot slot{};
  loop::Loop loop;
  VariantCache cache{&loop, scoreboard::SlotWriter(slot)};
};

TEST_F(VariantCacheTest, TheSecondRequestMakesItAndTheThirdHasIt) {
  const File file = Small("hello hello hello");

  EXPECT_EQ(cache.Get(file, Gzip(), kLimit), nullptr);
  const auto second = cache.Get(file, Gzip(), kLimit);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(Unpack(second), "hello hello hello");
  EXPECT_EQ(cache.Get(file, Gzip(), kLimit), second);
  EXPECT_EQ(Count(Total::kGzipCacheHits), 1u);
  EXPECT_EQ(Count(Total::kGzipCacheMisses), 2u);
}

TEST_F(VariantCacheTest, AnotherVersionOrLevelIsAnother) {
  for (int i = 0; i < 2; ++i) (void)cache.Get(Small("old", 1, 1), Gzip(), kLimit);

  EXPECT_EQ(cache.Get(Small("new", 1, 2), Gzip(), kLimit), nullptr);
  EXPECT_EQ(Unpack(cache.Get(Small("new", 1, 2), Gzip(), kLimit)), "new");
  EXPECT_EQ(cache.Get(Small("old", 1, 1), Gzip(9), kLimit), nullptr);
}

TEST_F(VariantCacheTest, AFileThatMayChangeUnseenIsNotTaken) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cache.Get(Small("x", 1, 1, false), Gzip(), kLimit), nullptr);
}

TEST_F(VariantCacheTest, ALookMakesNothing) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cache.Get(Small("x"), Gzip(), kLimit, true), nullptr);
  EXPECT_EQ(cache.Get(Small("x"), Gzip(), kLimit), nullptr);
  (void)cache.Get(Small("x"), Gzip(), kLimit);
  EXPECT_NE(cache.Get(Small("x"), Gzip(), kLimit, true), nullptr);
}

TEST_F(VariantCacheTest, ItIsBounded) {
  for (ino_t inode = 1; inode <= 200; ++inode) {
    const File file = Small("text " + std::to_string(inode), inode);
    for (int i = 0; i < 2; ++i) (void)cache.Get(file, Gzip(), 8192);
    EXPECT_LE(cache.bytes(), 8192u);
  }
  EXPECT_NE(cache.Get(Small("text 200", 200), Gzip(), 8192), nullptr);
  EXPECT_EQ(cache.Get(Small("text 1", 1), Gzip(), 8192, true), nullptr);
  EXPECT_EQ(cache.Get(Small("text 200", 200), Gzip(), 0), nullptr);
}

TEST_F(VariantCacheTest, WhatIsTooLargeIsNotTriedAgain) {
  std::string noise;
  std::mt19937 random;
  for (int i = 0; i < 4000; ++i) noise += static_cast<char>(random() & 0xff);
  int made = 0;
  VariantCache::Recipe recipe = Gzip();
  recipe.make = [&made, make = recipe.make](std::uint64_t length) {
    ++made;
    return make(length);
  };
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(cache.Get(Small(noise), recipe, 8192) == nullptr);
  EXPECT_EQ(made, 1);
}

TEST_F(VariantCacheTest, ALargeFileIsMadeOnAnotherThread) {
  const std::string text(300'000, 'x');
  const File file = Large(text);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(cache.Get(file, Gzip(), kLimit), nullptr);
  EXPECT_TRUE(cache.busy());

  Settle();

  const auto variant = cache.Get(file, Gzip(), kLimit);
  ASSERT_NE(variant, nullptr);
  EXPECT_EQ(Unpack(variant), text);
}

TEST_F(VariantCacheTest, ALargeFileThatChangesMeanwhileIsNotKept) {
  const File file = Large(std::string(300'000, 'x'));
  folder.Write("large", "shorter");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(cache.Get(file, Gzip(), kLimit), nullptr);

  Settle();

  EXPECT_EQ(cache.Get(file, Gzip(), kLimit), nullptr);
}

TEST_F(VariantCacheTest, ItMayGoWhileAFileIsBeingMade) {
  const File file = Large(std::string(3'000'000, 'x'));
  auto other = std::make_unique<VariantCache>(&loop);
  for (int i = 0; i < 2; ++i) (void)other->Get(file, Gzip(), kLimit);
  other.reset();
}

}  // namespace
}  // namespace colmeia::pipeline
