// What clients may send is shown in tests/golden/http1/chunked.md; here is the contract with the caller.
#include "h1/body_decoder.h"

#include <string>

#include <gtest/gtest.h>

namespace colmeia::h1 {
namespace {

TEST(BodyDecoderTest, AFixedBodyLeavesTheNextRequestAlone) {
  BodyDecoder decoder;
  decoder.StartFixed(3);
  const std::string_view bytes = "abcGET";

  const BodyDecoder::Step step = decoder.Next(bytes);

  EXPECT_EQ(step.state, BodyState::kDone);
  EXPECT_EQ(step.data, "abc");
  EXPECT_EQ(step.data.data(), bytes.data());
  EXPECT_EQ(step.consumed, 3U);
  EXPECT_EQ(decoder.total(), 3U);
}

TEST(BodyDecoderTest, AnEmptyFixedBodyIsDoneAtOnce) {
  BodyDecoder decoder;
  decoder.StartFixed(0);

  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(decoder.Next("GET").state, BodyState::kDone);
  EXPECT_EQ(decoder.Next("GET").consumed, 0U);
}

TEST(BodyDecoderTest, AFixedBodyArrivesInPieces) {
  BodyDecoder decoder;
  decoder.StartFixed(5);

  EXPECT_EQ(decoder.Next("ab").state, BodyState::kMore);
  EXPECT_EQ(decoder.remaining(), 3U);
  EXPECT_EQ(decoder.Next("").state, BodyState::kMore);
  EXPECT_EQ(decoder.Next("cde").state, BodyState::kDone);
}

TEST(BodyDecoderTest, AChunkedBodyLeavesTheNextRequestAlone) {
  BodyDecoder decoder;
  decoder.StartChunked();
  std::string_view bytes = "2\r\nab\r\n1\r\nc\r\n0\r\n\r\nGET";
  std::string content;

  while (true) {
    const BodyDecoder::Step step = decoder.Next(bytes);
    bytes.remove_prefix(step.consumed);
    content += step.data;
    if (step.state != BodyState::kMore) break;
  }

  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(content, "abc");
  EXPECT_EQ(bytes, "GET");
  EXPECT_EQ(decoder.total(), 3U);
}

TEST(BodyDecoderTest, AnErrorStays) {
  BodyDecoder decoder;
  decoder.StartChunked();

  EXPECT_EQ(decoder.Next("x").state, BodyState::kError);
  EXPECT_EQ(decoder.Next("0\r\n\r\n").state, BodyState::kError);
}

TEST(BodyDecoderTest, StartsAnew) {
  BodyDecoder decoder;
  decoder.StartChunked();
  EXPECT_EQ(decoder.Next("x").state, BodyState::kError);

  decoder.StartFixed(1);

  EXPECT_EQ(decoder.Next("x").state, BodyState::kDone);
}

TEST(BodyDecoderTest, LargeChunksMayCarryLongExtensionsForEver) {
  BodyDecoder decoder;
  decoder.StartChunked();
  const std::string chunk = "400;signature=" + std::string(200, 'a') + "\r\n" + std::string(1024, 'b') + "\r\n";

  for (int i = 0; i < 1000; ++i) {
    std::string_view bytes = chunk;
    while (!bytes.empty()) {
      const BodyDecoder::Step step = decoder.Next(bytes);
      ASSERT_EQ(step.state, BodyState::kMore);
      bytes.remove_prefix(step.consumed);
    }
  }
}

}  // namespace
}  // namespace colmeia::h1
