// What clients may send is shown in tests/golden/http1; here is the contract with the code that calls the parser.
#include "h1/parser.h"

#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::h1 {
namespace {

class ParserTest : public ::testing::Test {
 protected:
  HeadResult Parse(std::string text) {
    bytes = std::move(text);
    return parser.ParseHead(bytes, head);
  }

  HeadLimits limits;
  Parser parser{limits};
  RequestHead head;
  std::string bytes;
};

TEST_F(ParserTest, PointsIntoTheBytesItWasGiven) {
  const HeadResult result = Parse("GET /a?b HTTP/1.1\r\nHost: x:80\r\nAccept: */*\r\n\r\nrest");

  ASSERT_EQ(result.state, HeadState::kComplete);
  EXPECT_EQ(result.consumed, bytes.size() - 4);
  EXPECT_EQ(head.text, std::string_view(bytes).substr(0, result.consumed));
  EXPECT_EQ(head.line, "GET /a?b HTTP/1.1");
  EXPECT_EQ(head.target.data(), bytes.data() + 4);
  EXPECT_EQ(head.protocol, "HTTP/1.1");
  EXPECT_EQ(head.fields.Value(http::HeaderId::kAccept).data(), bytes.data() + bytes.find("*/*"));
  EXPECT_EQ(head.host_port.port, 80);
}

TEST_F(ParserTest, ConsumesTheEmptyLinesBeforeTheHead) {
  const HeadResult result = Parse("\r\nGET / HTTP/1.0\r\n\r\n");

  EXPECT_EQ(result.consumed, bytes.size());
  EXPECT_EQ(head.text, std::string_view(bytes).substr(2));
}

TEST_F(ParserTest, GoesOnWhereItStoppedWhenBytesMoved) {
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: x\r\nA: ").state, HeadState::kIncomplete);

  const HeadResult result = Parse("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n");

  ASSERT_EQ(result.state, HeadState::kComplete);
  EXPECT_EQ(head.fields.Find("A")->value, "b");
}

TEST_F(ParserTest, IsReadyForTheNextHeadAfterOne) {
  Parse("GET /1 HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n");

  const HeadResult result = Parse("GET /2 HTTP/1.1\r\nHost: y\r\n\r\n");

  ASSERT_EQ(result.state, HeadState::kComplete);
  EXPECT_EQ(head.target, "/2");
  EXPECT_EQ(head.fields.size(), 1U);
}

TEST_F(ParserTest, EmptyLinesDoNotStartARequest) {
  EXPECT_FALSE(parser.started());
  Parse("");
  EXPECT_FALSE(parser.started());
  Parse("\r\n\r");
  EXPECT_FALSE(parser.started());
  Parse("\r\n\r\nG");
  EXPECT_TRUE(parser.started());
  parser.Reset();
  EXPECT_FALSE(parser.started());
}

TEST_F(ParserTest, KeepsTheRequestLineOfARefusedRequestForTheLog) {
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\n\r\n").state, HeadState::kError);
  EXPECT_EQ(head.line, "GET / HTTP/1.1");
  parser.Reset();
  EXPECT_EQ(Parse("\x16\x03\x01").state, HeadState::kError);
  EXPECT_EQ(head.line, "\x16\x03\x01");
}

TEST_F(ParserTest, ChangesNothingButTabs) {
  const std::string before = "GET / HTTP/1.1\nHost: x\nA:\tb\n\n";

  EXPECT_EQ(Parse(before).state, HeadState::kComplete);

  EXPECT_EQ(bytes, "GET / HTTP/1.1\nHost: x\nA: b\n\n");
}

TEST_F(ParserTest, ViewsFollowBytesThatMove) {
  Parse("POST /a HTTP/1.1\r\nHost: x\r\nA: b\r\nEmpty:\r\nContent-Length: 3\r\n\r\n");
  const std::string moved(head.text);
  std::string old;
  old.swap(bytes);

  head.ForEachText([&](std::string_view& text) {
    if (!text.empty()) text = {moved.data() + (text.data() - head.text.data()), text.size()};
  });
  std::memset(old.data(), '#', old.size());

  EXPECT_EQ(head.line, "POST /a HTTP/1.1");
  EXPECT_EQ(head.method_text, "POST");
  EXPECT_EQ(head.target, "/a");
  EXPECT_EQ(head.protocol, "HTTP/1.1");
  EXPECT_EQ(head.fields.Value(http::HeaderId::kHost), "x");
  EXPECT_EQ(head.fields.Find("A")->value, "b");
  EXPECT_EQ(head.fields.Find("Empty")->value, "");
  EXPECT_EQ(head.content_length, 3U);
}

TEST_F(ParserTest, MayRefuseInsteadOfIgnoringOddNames) {
  limits.ignore_invalid_headers = false;

  const HeadResult result = Parse("GET / HTTP/1.1\r\nHost: x\r\nA_b: c\r\n\r\n");

  EXPECT_EQ(result.state, HeadState::kError);
  EXPECT_EQ(result.fault.reason, "client sent invalid header name");
}

TEST_F(ParserTest, MayTakeUnderscoresForValid) {
  limits.underscores_in_headers = true;

  Parse("GET / HTTP/1.1\r\nHost: x\r\nA_b: c\r\nA.b: d\r\n\r\n");

  EXPECT_EQ(head.fields.Find("a_B")->value, "c");
  EXPECT_EQ(head.ignored_fields, 1U);
}

TEST_F(ParserTest, RefusesALineTheMomentItIsTooLong) {
  limits.line_bytes = 16;

  EXPECT_EQ(Parse("GET /aaaaaaaaaa").state, HeadState::kIncomplete);
  const HeadResult result = Parse("GET /aaaaaaaaaaa");

  EXPECT_EQ(result.state, HeadState::kError);
  EXPECT_EQ(result.fault.status, http::Status::kUriTooLong);
}

TEST(HeadLimitsTest, FollowNginxBuffers) {
  const HeadLimits limits = HeadLimits::FromBuffers(1024, 4, 8192);

  EXPECT_EQ(limits.line_bytes, 8192U);
  EXPECT_EQ(limits.head_bytes, 1024U + 4 * 8192U);
  EXPECT_EQ(HeadLimits::FromBuffers(16384, 1, 1024).line_bytes, 16384U);
  EXPECT_EQ(HeadLimits::FromBuffers(SIZE_MAX, SIZE_MAX, SIZE_MAX).line_bytes, 1U << 30U);
}

// nginx counts what it keeps: as many more as the size of a head allows may be left out.
TEST_F(ParserTest, HasAsManyFieldsAsAllowed) {
  limits.fields = 3;
  const auto head_with = [](int kept, int left_out) {
    std::string text = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (int i = 1; i < kept; ++i) text += "A: b\r\n";
    for (int i = 0; i < left_out; ++i) text += "X_Y: b\r\n";
    return text + "\r\n";
  };
  EXPECT_EQ(Parse(head_with(3, 0)).state, HeadState::kComplete);
  EXPECT_EQ(Parse(head_with(3, 5)).state, HeadState::kComplete);
  EXPECT_EQ(Parse(head_with(4, 0)).fault.status, http::Status::kRequestHeaderTooLarge);
}

// llhttp knows them encoded only; whoever reads the head gets what was sent.
TEST_F(ParserTest, KeepsHighBytesOfATargetAsTheyWereSent) {
  ASSERT_EQ(Parse("GET /\xc3\xbc?\xff HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n").state, HeadState::kComplete);
  EXPECT_EQ(head.target, "/\xc3\xbc?\xff");
  EXPECT_EQ(head.line, "GET /\xc3\xbc?\xff HTTP/1.1");
  EXPECT_EQ(head.protocol, "HTTP/1.1");
  EXPECT_EQ(head.fields.size(), 2U);
}

}  // namespace
}  // namespace colmeia::h1
