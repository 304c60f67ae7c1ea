#include "pipeline/coded_body.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "pipeline/body.h"
#include "pipeline/site_fixture.h"

namespace colmeia::pipeline {
namespace {

using Pulled = BodySource::Pulled;
using testing::HasSubstr;

// What a test says, when it says it.
struct Source final : BodySource {
  struct Said {
    Pulled pulled;
    std::string bytes;
  };
  explicit Source(std::vector<Said> said) : script(std::move(said)) {}
  Pulled Next(Piece& out) override {
    if (next == script.size()) return Pulled::kWait;
    const Said& one = script[next++];
    out = Piece::Memory(one.bytes);
    return one.pulled;
  }
  void Drain() override { drained = true; }

  std::vector<Said> script;
  std::size_t next = 0;
  bool drained = false;
};

class CodedBodyTest : public SiteTest {
 protected:
  void SetUp() override {
    LoadServer("location / { say x; }");
    Get("/");
    exchange.response.body.Clear();
  }

  std::unique_ptr<CodedBody> Gzip(std::unique_ptr<BodySource> inner, std::size_t room = 4096) {
    return std::make_unique<CodedBody>(
        std::move(inner), exchange, [] { return coding::MakeGzipEncoder({.level = 1}); }, "deflate()", room);
  }
  std::unique_ptr<CodedBody> Gunzip(std::unique_ptr<BodySource> inner, std::size_t room = 4096) {
    return std::make_unique<CodedBody>(std::move(inner), exchange, coding::MakeGzipDecoder, "inflate()", room);
  }
  // What comes until it waits or ends.
  std::string PullAll(BodySource& source) {
    std::string out;
    for (pulls = 0;; ++pulls) {
      Piece piece;
      last = source.Next(piece);
      out += piece.memory;
      if (last != Pulled::kMore) return out;
    }
  }

  Pulled last = Pulled::kMore;
  int pulls = 0;
};

TEST_F(CodedBodyTest, ThereAndBackIsTheSame) {
  std::string text;
  std::vector<Source::Said> said;
  for (int i = 0; i < 300; ++i) {
    said.push_back({Pulled::kMore, std::string(static_cast<std::size_t>(i * 7), static_cast<char>('a' + i % 26))});
    text += said.back().bytes;
  }
  said.push_back({Pulled::kLast, ""});
  for (const std::size_t room : {1, 100, 65536}) {
    const auto both = Gunzip(Gzip(std::make_unique<Source>(said), room), room);

    EXPECT_EQ(PullAll(*both), text);
    EXPECT_EQ(last, Pulled::kLast);
  }
}

TEST_F(CodedBodyTest, WhatWasSaidCanBeReadWhenTheSourceWaits) {
  const auto both = Gunzip(Gzip(std::make_unique<Source>(std::vector<Source::Said>{{Pulled::kMore, "hello"}})));

  EXPECT_EQ(PullAll(*both), "hello");
  EXPECT_EQ(last, Pulled::kWait);
  EXPECT_EQ(PullAll(*both), "");
  EXPECT_EQ(last, Pulled::kWait);
}

TEST_F(CodedBodyTest, ASourceThatHasSaidNothingCostsNoByte) {
  const auto coded = Gzip(std::make_unique<Source>(std::vector<Source::Said>{}));

  EXPECT_EQ(PullAll(*coded), "");
  EXPECT_EQ(last, Pulled::kWait);
}

TEST_F(CodedBodyTest, WhatCompressesWellDoesNotHoldTheLoop) {
  std::vector<Source::Said> said(100, {Pulled::kMore, std::string(CodedBody::kInput, 'x')});
  said.push_back({Pulled::kLast, ""});
  auto inner = std::make_unique<Source>(said);
  const Source& source = *inner;
  const auto coded = Gzip(std::move(inner));

  Piece piece;
  EXPECT_EQ(coded->Next(piece), Pulled::kMore);

  EXPECT_EQ(source.next, 1u);
  PullAll(*coded);
  EXPECT_GE(pulls, 99);
}

TEST_F(CodedBodyTest, WhatIsNoGzipBreaksWithOneLineInTheLog) {
  const auto coded = Gunzip(std::make_unique<Source>(std::vector<Source::Said>{{Pulled::kLast, "no gzip at all"}}));

  PullAll(*coded);
  EXPECT_EQ(last, Pulled::kBroken);
  PullAll(*coded);
  EXPECT_EQ(last, Pulled::kBroken);
}

TEST_F(CodedBodyTest, ABrokenSourceBreaks) {
  const auto coded =
      Gzip(std::make_unique<Source>(std::vector<Source::Said>{{Pulled::kMore, "a"}, {Pulled::kBroken, ""}}));

  PullAll(*coded);
  EXPECT_EQ(last, Pulled::kBroken);
}

TEST_F(CodedBodyTest, ADrainReachesTheSource) {
  auto inner = std::make_unique<Source>(std::vector<Source::Said>{});
  const Source& source = *inner;
  const auto coded = Gzip(std::move(inner));
  coded->Drain();
  EXPECT_TRUE(source.drained);
}

TEST_F(CodedBodyTest, PiecesThatAreWrappedMoveWithTheHead) {
  std::string before = "0123456789";
  std::string after = before;
  Body& body = exchange.response.body;
  body.Add(Piece::Memory(std::string_view(before).substr(2, 3)));
  body.Add(Piece::Memory("-"));
  body.Wrap<CodedBody>(
      exchange, [] { return coding::MakeGzipEncoder({.level = 1}); }, "deflate()", 4096u, nullptr);
  body.Wrap<CodedBody>(exchange, coding::MakeGzipDecoder, "inflate()", 4096u, nullptr);
  EXPECT_EQ(body.KnownLength(), std::nullopt);
  EXPECT_FALSE(body.empty());

  body.MoveMemory(before.data(), before.size(), after.data());
  before.assign(10, 'x');

  EXPECT_EQ(PullAll(*body.source()), "234-");
  EXPECT_EQ(last, Pulled::kLast);
}

}  // namespace
}  // namespace colmeia::pipeline
