#include "h1/plain_head.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "h1/parser.h"

namespace colmeia::h1 {
namespace {

constexpr std::uint32_t kMostFields = 3;

std::size_t Read(std::string_view bytes, RequestHead& head) {
  head.Clear();
  return ReadPlainHead(bytes, kMostFields, head);
}

bool IsPlain(std::string_view bytes) {
  RequestHead head;
  return Read(bytes, head) != 0;
}

std::string WithField(std::string_view field) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(field) + "\r\n\r\n";
}

TEST(PlainHeadTest, FillsWhatStandsInTheHead) {
  RequestHead head;
  const std::string_view text = "HEAD /a%20b?c=d HTTP/1.1\r\nHost:   example.org \r\nX-Odd: \xe4\r\n\r\n";
  const std::string more = std::string(text) + "GET";
  EXPECT_EQ(Read(more, head), text.size());
  EXPECT_EQ(head.text, text);
  EXPECT_EQ(head.line, "HEAD /a%20b?c=d HTTP/1.1");
  EXPECT_EQ(head.method, http::Method::kHead);
  EXPECT_EQ(head.method_text, "HEAD");
  EXPECT_EQ(head.target, "/a%20b?c=d");
  EXPECT_EQ(head.protocol, "HTTP/1.1");
  EXPECT_EQ(head.version_minor, 1);
  ASSERT_EQ(head.fields.size(), 2U);
  EXPECT_EQ(head.fields.Value(http::HeaderId::kHost), "example.org");
  EXPECT_EQ(head.fields.Find("x-odd")->value, "\xe4");
}

TEST(PlainHeadTest, IsNotPlainBeforeItsLastByte) {
  const std::string_view text = "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  ASSERT_TRUE(IsPlain(text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    // A block of just that size, so that the sanitizer catches a read beyond it.
    const std::vector<char> part(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(IsPlain({part.data(), part.size()})) << size;
  }
}

TEST(PlainHeadTest, LeavesOtherRequestLinesToTheParser) {
  for (const std::string_view line :
       {"POST / HTTP/1.1", "GET  / HTTP/1.1", "GET * HTTP/1.1", "GET http://a/ HTTP/1.1", "GET / HTTP/1.0",
        "get / HTTP/1.1", "GET /\t HTTP/1.1", "GET /#a HTTP/1.1", "GET /\xe4 HTTP/1.1", "GET / HTTP/1.1 ",
        "GET /\"a HTTP/1.1", "GET / HTTP/1.1\n"}) {
    EXPECT_FALSE(IsPlain(std::string(line) + "\r\nHost: a\r\n\r\n")) << line;
  }
}

TEST(PlainHeadTest, LeavesOtherFieldsToTheParser) {
  for (const std::string_view field : {"Content-Length: 0",
                                       "content-length: 1",
                                       "Transfer-Encoding: chunked",
                                       "Upgrade: h2c",
                                       "Proxy-Connection: close",
                                       "Connection: upgrade",
                                       "Connection: close, x",
                                       "A:",
                                       "A: ",
                                       "A:\tb",
                                       "A: b\tc",
                                       "A: b\x7f",
                                       "A: b\rc",
                                       "A : b",
                                       " A: b",
                                       "A_B: c",
                                       "A!: b",
                                       ": b",
                                       "A",
                                       "A: b\nB: c"}) {
    EXPECT_FALSE(IsPlain(WithField(field))) << field;
  }
  EXPECT_TRUE(IsPlain(WithField("A: b")));
}

TEST(PlainHeadTest, HasNoMoreFieldsThanAllowed) {
  EXPECT_TRUE(IsPlain(WithField("B: b\r\nC: c")));
  EXPECT_FALSE(IsPlain(WithField("B: b\r\nC: c\r\nD: d")));
}

// Each byte at each place that is not structure: whatever the short way says, the long way says the same.
TEST(PlainHeadTest, MeansWhatTheParserSays) {
  const HeadLimits limits;
  const std::string_view text = "GET /ab?c HTTP/1.1\r\nHost: ab\r\nAccept: ab  \r\n\r\n";
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string whole(text);
      whole[at] = static_cast<char>(byte);
      RequestHead plain;
      if (Read(whole, plain) != whole.size()) continue;

      Parser parser(limits);
      RequestHead head;
      // Cut in two, a head goes the long way.
      const HeadResult first = parser.ParseHead(std::span(whole).first(whole.size() - 1), head);
      const HeadResult result = first.state == HeadState::kError ? first : parser.ParseHead(whole, head);
      if (result.state == HeadState::kError) {
        Parser at_once(limits);
        EXPECT_EQ(at_once.ParseHead(whole, plain).fault.reason, result.fault.reason) << at << ' ' << byte;
        continue;
      }
      ASSERT_EQ(result.consumed, whole.size());
      EXPECT_EQ(plain.target, head.target);
      EXPECT_EQ(plain.line, head.line);
      EXPECT_FALSE(head.chunked || head.content_length.value_or(0) > 0);
      ASSERT_EQ(plain.fields.size(), head.fields.size());
      for (std::size_t i = 0; i < head.fields.size(); ++i) {
        EXPECT_EQ(plain.fields.begin()[static_cast<std::ptrdiff_t>(i)].name,
                  head.fields.begin()[static_cast<std::ptrdiff_t>(i)].name);
        EXPECT_EQ(plain.fields.begin()[static_cast<std::ptrdiff_t>(i)].value,
                  head.fields.begin()[static_cast<std::ptrdiff_t>(i)].value);
      }
    }
  }
}

}  // namespace
}  // namespace colmeia::h1
