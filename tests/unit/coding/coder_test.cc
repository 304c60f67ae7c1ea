#include "coding/coder.h"

#include <brotli/decode.h>

#include <string>

#include <gtest/gtest.h>

namespace colmeia::coding {
namespace {

constexpr std::size_t kMost = 1 << 24;

std::string Text(std::size_t size) {
  std::string out;
  for (unsigned i = 0; out.size() < size; ++i) out += "line " + std::to_string(i * 2654435761u) + "\n";
  out.resize(size);
  return out;
}
std::string Gzip(std::string_view text, int level = 1) {
  return RunWhole(*MakeGzipEncoder({.level = level, .length = text.size()}), text, kMost).value();
}
std::optional<std::string> Gunzip(std::string_view coded) { return RunWhole(*MakeGzipDecoder(), coded, kMost); }

// Through a coder in portions of `in` and `out` bytes.
std::optional<std::string> Portions(Coder& coder, std::string_view text, std::size_t in, std::size_t out) {
  std::string all;
  std::string room(out, '\0');
  for (;;) {
    const std::string_view portion = text.substr(0, in);
    const Step step = coder.Run(portion, room, portion.size() == text.size() ? Flush::kFinish : Flush::kNo);
    if (step.failed) return std::nullopt;
    all.append(room, 0, step.produced);
    text.remove_prefix(step.consumed);
    if (step.done) return all;
  }
}

TEST(GzipTest, ComesBackAsItWas) {
  for (const std::size_t size : {0, 1, 100, 32'768, 300'000}) {
    for (const int level : {1, 6, 9}) {
      EXPECT_EQ(Gunzip(Gzip(Text(size), level)), Text(size)) << size << " at level " << level;
    }
  }
}

TEST(GzipTest, PortionsDoNotMatter) {
  const std::string text = Text(20'000);
  for (const std::size_t in : {1, 7, 4096}) {
    for (const std::size_t out : {1, 5, 4096}) {
      const auto coded = Portions(*MakeGzipEncoder({.level = 1}), text, in, out);
      ASSERT_TRUE(coded);
      EXPECT_EQ(Portions(*MakeGzipDecoder(), *coded, in, out), text);
    }
  }
}

TEST(GzipTest, AFlushCanBeReadAtOnce) {
  auto encoder = MakeGzipEncoder({.level = 1});
  std::string coded(1000, '\0');
  const Step step = encoder->Run("hello", coded, Flush::kSync);
  ASSERT_TRUE(step.done);
  EXPECT_EQ(step.consumed, 5u);

  std::string text(100, '\0');
  const Step back = MakeGzipDecoder()->Run(std::string_view(coded).substr(0, step.produced), text, Flush::kSync);
  EXPECT_TRUE(back.done);
  EXPECT_EQ(text.substr(0, back.produced), "hello");
}

TEST(GzipTest, MembersBehindEachOtherAreOneText) { EXPECT_EQ(Gunzip(Gzip("one ") + Gzip("two")), "one two"); }

TEST(GzipTest, WhatIsNoGzipFails) {
  EXPECT_EQ(Gunzip("plainly no gzip at all"), std::nullopt);
  EXPECT_EQ(Gunzip(""), std::nullopt);
  EXPECT_EQ(Gunzip(Gzip("text") + "garbage"), std::nullopt);
  std::string damaged = Gzip(Text(1000));
  damaged[damaged.size() - 8] = static_cast<char>(damaged[damaged.size() - 8] + 1);  // the checksum
  EXPECT_EQ(Gunzip(damaged), std::nullopt);
}

TEST(GzipTest, EveryTruncationFails) {
  const std::string coded = Gzip("some text");
  for (std::size_t size = 0; size < coded.size(); ++size) {
    EXPECT_EQ(Gunzip(std::string_view(coded).substr(0, size)), std::nullopt) << size;
  }
}

TEST(GzipTest, MoreThanTheMostIsNothing) {
  const std::string coded = Gzip(Text(100'000));
  EXPECT_EQ(RunWhole(*MakeGzipDecoder(), coded, 99'999), std::nullopt);
  EXPECT_TRUE(RunWhole(*MakeGzipDecoder(), coded, 100'000));
}

TEST(BrotliTest, ComesBackAsItWas) {
  for (const std::size_t size : {0, 1, 100, 300'000}) {
    const std::string text = Text(size);
    for (const auto& coded : {RunWhole(*MakeBrotliEncoder({.level = 4, .length = size}), text, kMost),
                              Portions(*MakeBrotliEncoder({.level = 1}), text, 1000, 100)}) {
      ASSERT_TRUE(coded);
      std::string back(size + 1, '\0');
      std::size_t length = back.size();
      ASSERT_EQ(BrotliDecoderDecompress(coded->size(), reinterpret_cast<const std::uint8_t*>(coded->data()), &length,
                                        reinterpret_cast<std::uint8_t*>(back.data())),
                BROTLI_DECODER_RESULT_SUCCESS);
      back.resize(length);
      EXPECT_EQ(back, text);
    }
  }
}

TEST(BrotliTest, AFlushIsDoneWhenAllIsOut) {
  auto encoder = MakeBrotliEncoder({.level = 4});
  std::string room(4, '\0');
  std::string_view input = "hello hello hello";
  Step step;
  for (int calls = 0; !step.done; ++calls) {
    ASSERT_LT(calls, 100);
    step = encoder->Run(input, room, Flush::kSync);
    ASSERT_FALSE(step.failed);
    input.remove_prefix(step.consumed);
  }
  EXPECT_EQ(input, "");
}

}  // namespace
}  // namespace colmeia::coding
