#include "h1/writer.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace colmeia::h1 {
namespace {

std::string Write(const ResponseHead& head) {
  std::string out;
  AppendHead(head, out);
  return out;
}

ResponseHead HeadOfAFile() {
  ResponseHead head;
  head.server = "colmeia";
  head.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  head.content_type = "text/html";
  head.content_length = 12;
  head.last_modified = "Sun, 06 Nov 1994 08:49:36 GMT";
  head.etag = "\"1-c\"";
  head.accept_ranges = true;
  return head;
}

TEST(WriterTest, WritesFieldsInNginxOrder) {
  http::Fields fields;
  fields.Add("Vary", "Accept");
  fields.Add("X-One", "");
  ResponseHead head = HeadOfAFile();
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
  ChunkHead room;
  EXPECT_EQ(WriteChunkHead(16, room), "10\r\n");
  EXPECT_EQ(WriteChunkHead(UINT64_MAX, room), "ffffffffffffffff\r\n");
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

std::string Write(HeadMemo& memo, const ResponseHead& head) {
  std::string out(MaxHeadSize(head), '\0');
  out.resize(static_cast<std::size_t>(memo.Write(head, out.data()) - out.data()));
  return out;
}

struct Change {
  const char* name;
  void (*make)(ResponseHead& head);
};
class HeadMemoChangeTest : public testing::TestWithParam<Change> {};

// All of these heads would stand in one place of the memo, or take the first one for themselves.
TEST_P(HeadMemoChangeTest, WritesTheChangedHeadAndThenTheOldOne) {
  HeadMemo memo;
  const ResponseHead old = HeadOfAFile();
  ResponseHead changed = old;
  GetParam().make(changed);
  ASSERT_EQ(Write(memo, old), Write(old));

  for (int times = 0; times < 2; ++times) EXPECT_EQ(Write(memo, changed), Write(changed));
  for (int times = 0; times < 2; ++times) EXPECT_EQ(Write(memo, old), Write(old));
}

INSTANTIATE_TEST_SUITE_P(
    All, HeadMemoChangeTest,
    testing::Values(Change{"Nothing", [](ResponseHead&) {}},
                    Change{"Date", [](ResponseHead& head) { head.date = "Mon, 07 Nov 1994 08:49:38 GMT"; }},
                    Change{"NoDate", [](ResponseHead& head) { head.date = {}; }},
                    Change{"OddDate", [](ResponseHead& head) { head.date = "today"; }},
                    Change{"Status", [](ResponseHead& head) { head.status = http::Status::kPartialContent; }},
                    Change{"Server", [](ResponseHead& head) { head.server = "colmeia/1.2.3"; }},
                    Change{"NoServer", [](ResponseHead& head) { head.server = {}; }},
                    Change{"ContentType", [](ResponseHead& head) { head.content_type = "text/htmx"; }},
                    Change{"ContentLength", [](ResponseHead& head) { head.content_length = 13; }},
                    Change{"NoContentLength", [](ResponseHead& head) { head.content_length.reset(); }},
                    Change{"Chunked", [](ResponseHead& head) { head.chunked = true; }},
                    Change{"LastModified",
                           [](ResponseHead& head) { head.last_modified = "Sun, 06 Nov 1994 08:49:35 GMT"; }},
                    Change{"NoLastModified", [](ResponseHead& head) { head.last_modified = {}; }},
                    Change{"Etag", [](ResponseHead& head) { head.etag = "\"2-c\""; }},
                    Change{"NoEtag", [](ResponseHead& head) { head.etag = {}; }},
                    Change{"AcceptRanges", [](ResponseHead& head) { head.accept_ranges = false; }},
                    Change{"Connection", [](ResponseHead& head) { head.connection = ConnectionField::kClose; }},
                    Change{"NoConnection", [](ResponseHead& head) { head.connection = ConnectionField::kOmit; }},
                    Change{"LineEnds", [](ResponseHead& head) { head.etag = "\r\n\""; }},
                    Change{"Fields",
                           [](ResponseHead& head) {
                             static http::Fields fields;
                             fields.Clear();
                             fields.Add("X-One", "1");
                             head.fields = &fields;
                           }}),
    [](const testing::TestParamInfo<Change>& change) { return std::string(change.param.name); });

TEST(HeadMemoTest, KeepsNoViewOfWhatItWrote) {
  HeadMemo memo;
  std::string etag = "\"1-c\"";
  ResponseHead head = HeadOfAFile();
  head.etag = etag;
  (void)Write(memo, head);

  etag[1] = '2';  // another file at the same address

  EXPECT_EQ(Write(memo, head), Write(head));
}

TEST(HeadMemoTest, WritesLongHeadsToo) {
  HeadMemo memo;
  const std::string type(1000, 't');
  ResponseHead head = HeadOfAFile();
  head.content_type = type;

  for (int times = 0; times < 2; ++times) EXPECT_EQ(Write(memo, head), Write(head));
}

}  // namespace
}  // namespace colmeia::h1
