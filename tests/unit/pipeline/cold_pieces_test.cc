#include "pipeline/cold_pieces.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "files/temp_folder.h"
#include "loop/loop.h"
#include "loop/thread_pool.h"
#include "pipeline/body.h"
#include "pipeline/site_fixture.h"
#include "sys/files.h"
#include "sys/page_cache.h"

namespace colmeia::pipeline {
namespace {

using Pulled = BodySource::Pulled;

constexpr std::uint64_t kSize = 1'000'000;
constexpr std::uint64_t kRange = 300'000;

class ColdPiecesTest : public SiteTest {
 protected:
  void SetUp() override {
    LoadServer("location / { say x; }");
    Get("/");
    exchange.response.body.Clear();
    file = *sys::OpenFile(folder / "file", O_RDWR | O_CREAT);
    ASSERT_TRUE(sys::WriteAll(file.get(), std::string(kSize, 'x')));
    ASSERT_EQ(fsync(file.get()), 0);
  }

  std::unique_ptr<BodySource> Make(loop::ThreadPool* pool, std::vector<Piece> pieces) {
    std::uint64_t length = 0;
    for (const Piece& piece : pieces) length += piece.length;
    auto made = std::make_unique<ColdPieces>(
        ColdReads{.exchange = exchange, .pool = pool, .pool_name = "name", .range = kRange, .look = Look},
        std::move(pieces), nullptr, length);
    made->SetReader([this] { ++woken; });
    return made;
  }
  std::unique_ptr<BodySource> Make(loop::ThreadPool* pool) { return Make(pool, {Piece::File(file.get(), 0, kSize)}); }

  static sys::Pages Look(int, off_t, std::uint64_t) { return cold ? sys::Pages::kCold : sys::Pages::kWarm; }

  // What comes until it waits or ends: ranges of the file, in order and without a gap.
  std::uint64_t PullAll(BodySource& source) {
    std::uint64_t all = 0;
    do {
      Piece piece;
      last = source.Next(piece);
      if (piece.length > 0 && !piece.in_memory()) {
        EXPECT_EQ(piece.offset, static_cast<off_t>(offset));
        EXPECT_LE(piece.length, kRange);
        offset += piece.length;
      }
      all += piece.length;
    } while (last == Pulled::kMore);
    return all;
  }

  loop::Loop loop;
  files::TempFolder folder;
  sys::UniqueFd file;
  Pulled last = Pulled::kMore;
  std::uint64_t offset = 0;
  int woken = 0;
  static inline bool cold = true;  // what the disk has is not in memory

 private:
  void TearDown() override { cold = true; }
};

TEST_F(ColdPiecesTest, WhatIsInMemoryNeedsNoThread) {
  cold = false;
  loop::ThreadPool pool(loop, 1, 10);
  const auto source = Make(&pool);

  EXPECT_EQ(PullAll(*source), kSize);
  EXPECT_EQ(last, Pulled::kLast);
  EXPECT_EQ(pool.threads(), 0u);
  EXPECT_EQ(source->length(), kSize);
}

TEST_F(ColdPiecesTest, AThreadReadsWhatTheDiskHas) {
  loop::ThreadPool pool(loop, 1, 10);
  const auto source = Make(&pool);

  std::uint64_t all = PullAll(*source);
  EXPECT_EQ(all, 0u);
  EXPECT_EQ(last, Pulled::kWait);
  EXPECT_EQ(PullAll(*source), 0u) << "it is not over";
  for (int turns = 0; last == Pulled::kWait && turns < 10; ++turns) {
    const int before = woken;
    loop.Run();
    EXPECT_EQ(woken, before + 1);
    all += PullAll(*source);
  }

  EXPECT_EQ(all, kSize);
  EXPECT_EQ(last, Pulled::kLast);
  EXPECT_EQ(woken, 4) << "once for each range";
}

TEST_F(ColdPiecesTest, MayBeDestroyedWhileAThreadReads) {
  loop::ThreadPool pool(loop, 1, 10);
  auto source = Make(&pool);
  PullAll(*source);
  ASSERT_EQ(last, Pulled::kWait);

  source.reset();
  file.reset();
  loop.Run();

  EXPECT_EQ(woken, 0);
}

TEST_F(ColdPiecesTest, MemoryBetweenFilesIsGivenAsItLies) {
  loop::ThreadPool pool(loop, 1, 10);
  const auto source = Make(&pool, {Piece::Memory("head"), Piece::File(file.get(), 0, 10), Piece::Memory("tail")});

  std::uint64_t all = PullAll(*source);
  while (last == Pulled::kWait) {
    loop.Run();
    all += PullAll(*source);
  }

  EXPECT_EQ(all, 18u);
  EXPECT_EQ(last, Pulled::kLast);
}

TEST_F(ColdPiecesTest, NothingAtAllEndsAtOnce) {
  loop::ThreadPool pool(loop, 1, 10);
  const auto source = Make(&pool, {});

  EXPECT_EQ(PullAll(*source), 0u);
  EXPECT_EQ(last, Pulled::kLast);
}

TEST_F(ColdPiecesTest, AFullQueueBreaksTheBody) {
  loop::ThreadPool pool(loop, 1, 0);
  std::binary_semaphore open(0);
  const loop::PoolTask busy(
      pool, [&open] { open.acquire(); }, [] {});
  const auto source = Make(&pool);

  PullAll(*source);

  EXPECT_EQ(last, Pulled::kBroken);
  open.release();
  loop.Run();
}

TEST_F(ColdPiecesTest, WithoutAPoolTheBodyIsBroken) {
  const auto source = Make(nullptr);

  PullAll(*source);

  EXPECT_EQ(last, Pulled::kBroken);
}

TEST_F(ColdPiecesTest, ABodyBecomesOneWhereThreadsRead) {
  loop::ThreadPool pool(loop, 1, 10);
  const ColdReads reads{.exchange = exchange, .pool = &pool, .pool_name = "name", .range = kRange, .look = Look};
  Body& body = exchange.response.body;
  body.Add(Piece::File(file.get(), 0, kSize));
  body.ReadBy(&reads);
  body.MakeSource();

  EXPECT_EQ(body.KnownLength(), kSize);
  EXPECT_NE(dynamic_cast<ColdPieces*>(body.source()), nullptr);
  EXPECT_EQ(body.reads(), nullptr);
}

}  // namespace
}  // namespace colmeia::pipeline
