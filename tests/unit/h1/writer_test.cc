#include "h1/writer.h"

#include <limits>

#include <gtest/gtest.h>

namespace colmeia::h1 {
namespace {

std::string Write(const ResponseHead& head) {
  std::string out;
  AppendHead(head, out);
  return out;
}

TEST(WriterTest, WritesFieldsInNginxOrder) {
  http::Fields fields;
  fields.Add("Vary", "Accept");
  fields.Add("X-One", "");
  ResponseHead head;
  head.server = "colmeia";
  head.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  head.content_type = "text/html";
  head.content_length = 12;
  head.last_modified = "Sun, 06 Nov 1994 08:49:36 GMT";
  head.etag = "\"1-c\"";
  head.accept_ranges = true;
  head.fields = &fields;

  EXPECT_EQ(Write(head),
            "HTTP/1.1 200 OK\r\n"
            "Server: colmeia\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/html\r\n"
            "Content-Length: 12\r\n"
            "Last-Modified: Sun, 06 Nov 1994 08:49:36 GMT\r\n"
            "Connection: keep-alive\r\n"
            "ETag: \"1-c\"\r\n"
            "Vary: Accept\r\n"
            "X-One: \r\n"
            "Accept-Ranges: bytes\r\n"
            "\r\n");
}

TEST(WriterTest, LeavesOutWhatIsNotSet) {
  ResponseHead head;
  head.status = http::Status::kNotModified;
  head.connection = ConnectionField::kOmit;

  EXPECT_EQ(Write(head), "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST(WriterTest, FramesAChunkByItsSizeInHexadecimal) {
  std::string chunk = "sixteen letters.";
  FrameChunk(chunk);
  EXPECT_EQ(chunk, "10\r\nsixteen letters.\r\n");
}

TEST(WriterTest, WritesANumberWithoutAName) {
  ResponseHead head;
  head.status = static_cast<http::Status>(299);
  head.connection = ConnectionField::kClose;

  EXPECT_EQ(Write(head), "HTTP/1.1 299 \r\nConnection: close\r\n\r\n");
}

TEST(WriterTest, SendsNginxOwnCodesAsBadRequest) {
  ResponseHead head;
  head.status = http::Status::kRequestHeaderTooLarge;

  EXPECT_TRUE(Write(head).starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

TEST(WriterTest, NoValueEndsALine) {
  http::Fields fields;
  fields.Add("Location", "/\r\nSet-Cookie: a=b\n\r\n<html>");
  ResponseHead head;
  head.connection = ConnectionField::kOmit;
  head.content_type = std::string_view("a\0b", 3);
  head.fields = &fields;

  EXPECT_EQ(Write(head),
            "HTTP/1.1 200 OK\r\n"
            "Content-Type: a b\r\n"
            "Location: /  Set-Cookie: a=b   <html>\r\n"
            "\r\n");
}

TEST(WriterTest, FitsTheSizeItAsksFor) {
  ResponseHead head;
  head.status = http::Status::kUnavailableForLegalReasons;
  head.server = "s";
  head.date = "d";
  head.content_type = "t";
  head.content_length = std::numeric_limits<std::uint64_t>::max();
  head.last_modified = "m";
  head.chunked = true;
  head.etag = "e";
  head.accept_ranges = true;
  http::Fields fields;
  fields.Add("a", "b");
  head.fields = &fields;

  EXPECT_LE(Write(head).size(), MaxHeadSize(head));
}

TEST(WriterTest, AppendsBehindWhatIsThere) {
  std::string out = "first";
  ResponseHead head;
  head.connection = ConnectionField::kOmit;

  AppendHead(head, out);

  EXPECT_EQ(out, "firstHTTP/1.1 200 OK\r\n\r\n");
}

}  // namespace
}  // namespace colmeia::h1
