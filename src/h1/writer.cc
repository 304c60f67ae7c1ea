#include "h1/writer.h"

#include <charconv>
#include <cstring>

#include "h1/bytes.h"
#include "util/check.h"
#include "util/control.h"
#include "util/strings.h"

namespace colmeia::h1 {
namespace {

constexpr std::size_t kMaxStatusLine = 64;
constexpr std::size_t kMaxDigits = 20;
constexpr std::string_view kServer = "Server: ";
constexpr std::string_view kDate = "Date: ";
constexpr std::string_view kContentType = "Content-Type: ";
constexpr std::string_view kContentLength = "Content-Length: ";
constexpr std::string_view kLastModified = "Last-Modified: ";
constexpr std::string_view kChunked = "Transfer-Encoding: chunked\r\n";
constexpr std::string_view kKeepAlive = "Connection: keep-alive\r\n";
constexpr std::string_view kClose = "Connection: close\r\n";
constexpr std::string_view kEtag = "ETag: ";
constexpr std::string_view kAcceptRanges = "Accept-Ranges: bytes\r\n";

// Everything that is not a value, with room to spare.
constexpr std::size_t kFixedText = kMaxStatusLine + kServer.size() + kDate.size() + kContentType.size() +
                                   kContentLength.size() + kMaxDigits + kLastModified.size() + kChunked.size() +
                                   kKeepAlive.size() + kEtag.size() + kAcceptRanges.size() + 7 * kLineEnd.size();

char* Put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

// Text from elsewhere: whatever would end a line becomes a space.
char* PutClean(char* out, std::string_view text) {
  if (text.empty()) return out;
  char* const end = Put(out, text);
  for (char* at = util::FindControl(out, end); at < end; at = util::FindControl(at + 1, end)) {
    if (*at == '\r' || *at == '\n' || *at == '\0') *at = ' ';
  }
  return end;
}

// The rest of a line. Names are put by whoever calls, since a text whose length the compiler knows takes no call.
char* PutOwnValue(char* out, std::string_view value) { return Put(Put(out, value), kLineEnd); }
char* PutValue(char* out, std::string_view value) { return Put(PutClean(out, value), kLineEnd); }

char* PutNumber(char* out, std::uint64_t number) { return std::to_chars(out, out + kMaxDigits, number).ptr; }

char* PutStatusLine(char* out, http::Status status) {
  const std::string_view line = http::StatusLine(status);
  if (!line.empty()) return Put(out, line);
  // RFC 9112 section 4: the space after the code stands even without a reason.
  out = Put(out, "HTTP/1.1 ");
  out = PutNumber(out, static_cast<std::uint64_t>(http::Code(status)));
  return Put(out, " \r\n");
}

// What stands before the date, and the rest from there on.
char* PutStart(char* out, const ResponseHead& head) {
  out = PutStatusLine(out, http::WireStatus(head.status));
  if (!head.server.empty()) out = PutOwnValue(Put(out, kServer), head.server);
  return head.date.empty() ? out : Put(out, kDate);
}

char* PutRest(char* out, const ResponseHead& head) {
  if (!head.date.empty()) out = PutOwnValue(out, head.date);
  if (!head.content_type.empty()) out = PutValue(Put(out, kContentType), head.content_type);
  if (head.content_length) {
    out = Put(out, kContentLength);
    out = PutNumber(out, *head.content_length);
    out = Put(out, kLineEnd);
  }
  if (!head.last_modified.empty()) out = PutValue(Put(out, kLastModified), head.last_modified);
  if (head.chunked) out = Put(out, kChunked);
  switch (head.connection) {
    case ConnectionField::kKeepAlive:
      out = Put(out, kKeepAlive);
      break;
    case ConnectionField::kClose:
      out = Put(out, kClose);
      break;
    case ConnectionField::kOmit:
      break;
  }
  if (!head.etag.empty()) out = PutValue(Put(out, kEtag), head.etag);
  if (head.fields != nullptr) {
    for (const http::Field& field : *head.fields) {
      out = PutClean(out, field.name);
      out = Put(out, ": ");
      out = PutClean(out, field.value);
      out = Put(out, kLineEnd);
    }
  }
  if (head.accept_ranges) out = Put(out, kAcceptRanges);
  return Put(out, kLineEnd);
}

}  // namespace

std::size_t MaxHeadSize(const ResponseHead& head) {
  std::size_t size = kFixedText + head.server.size() + head.date.size() + head.content_type.size() +
                     head.last_modified.size() + head.etag.size();
  if (head.fields != nullptr) {
    for (const http::Field& field : *head.fields) size += field.name.size() + field.value.size() + 4;
  }
  return size;
}

char* WriteHead(const ResponseHead& head, char* out) { return PutRest(PutStart(out, head), head); }

bool HeadMemo::Kept::Is(const ResponseHead& head) const {
  return content_length == head.content_length && !text.empty() && status == head.status &&
         connection == head.connection && chunked == head.chunked && accept_ranges == head.accept_ranges &&
         date_size == head.date.size() && util::Same(etag, head.etag) &&
         util::Same(last_modified, head.last_modified) && util::Same(content_type, head.content_type) &&
         util::Same(server, head.server);
}

void HeadMemo::Kept::Keep(const ResponseHead& head, std::string_view written, std::size_t date) {
  status = head.status;
  content_length = head.content_length;
  chunked = head.chunked;
  accept_ranges = head.accept_ranges;
  connection = head.connection;
  server = head.server;
  content_type = head.content_type;
  last_modified = head.last_modified;
  etag = head.etag;
  text = written;
  date_at = date;
  date_size = head.date.size();
}

char* HeadMemo::Write(const ResponseHead& head, char* out) {
  static constexpr std::size_t kLongest = 512;  // longer ones hold a text of somebody's own
  // Files of the same length take each other's place.
  Kept& kept = kept_[head.content_length.value_or(0) * 0x9e3779b97f4a7c15U >> 32 & (kPlaces - 1)];
  const bool is_plain = head.fields == nullptr || head.fields->empty();
  if (is_plain && kept.Is(head)) {
    std::memcpy(out, kept.text.data(), kept.text.size());
    if (!head.date.empty()) Put(out + kept.date_at, head.date);
    return out + kept.text.size();
  }
  char* const date = PutStart(out, head);
  char* const end = PutRest(date, head);
  const auto size = static_cast<std::size_t>(end - out);
  if (is_plain && size <= kLongest) kept.Keep(head, {out, size}, static_cast<std::size_t>(date - out));
  return end;
}

void AppendHead(const ResponseHead& head, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + MaxHeadSize(head));
  const char* const end = WriteHead(head, out.data() + start);
  out.resize(static_cast<std::size_t>(end - out.data()));
}

std::string_view WriteChunkHead(std::uint64_t size, ChunkHead& out) {
  CHECK(size > 0);
  const char* const end = Put(std::to_chars(out.begin(), out.end(), size, 16).ptr, kLineEnd);
  return {out.data(), static_cast<std::size_t>(end - out.data())};
}

}  // namespace colmeia::h1
