// Writing response heads: a ResponseHead becomes bytes, in nginx's order of fields, without an allocation once warm.
//
// It does not frame bodies and decides nothing: what is set is written. The one thing it guards is that no value ends a
// line: CR, LF and NUL in names and values become a SP (RFC 9110 section 5.5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/fields.h"
#include "http/status.h"

namespace colmeia::h1 {

// How the Connection field speaks of the connection's future.
enum class ConnectionField : std::uint8_t {
  kKeepAlive,  // "Connection: keep-alive"
  kClose,      // "Connection: close"
  kOmit,       // no such field
};

struct ResponseHead {
  http::Status status = http::Status::kOk;  // written as http::WireStatus(status)
  std::string_view server{};                // value of Server, ends no line; empty: left out, as the next ones
  std::string_view date{};                  // value of Date, ends no line
  std::string_view content_type{};
  std::optional<std::uint64_t> content_length{};
  bool chunked = false;  // Transfer-Encoding: chunked
  std::string_view last_modified{};
  std::string_view etag{};     // with its quotes
  bool accept_ranges = false;  // Accept-Ranges: bytes
  ConnectionField connection = ConnectionField::kKeepAlive;
  const http::Fields* fields = nullptr;  // all others, in their order; borrowed for the call
};

// Bytes that WriteHead needs at most.
[[nodiscard]] std::size_t MaxHeadSize(const ResponseHead& head);

// Writes the head with its empty line and returns the end. REQUIRES: MaxHeadSize(head) bytes at `out`.
[[nodiscard]] char* WriteHead(const ResponseHead& head, char* out);

// Appends it to a buffer that grows when it must.
void AppendHead(const ResponseHead& head, std::string& out);

// WriteHead for one response after another, many of which were sent before: it copies what it wrote the last time, with
// the date of now. A head is known again by all of its values, so what it writes is what WriteHead writes.
class HeadMemo {
 public:
  // REQUIRES: as WriteHead.
  [[nodiscard]] char* Write(const ResponseHead& head, char* out);

 private:
  struct Kept {
    http::Status status = http::Status::kOk;
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool accept_ranges = false;
    ConnectionField connection = ConnectionField::kKeepAlive;
    std::string server;
    std::string content_type;
    std::string last_modified;
    std::string etag;
    std::string text;  // the head; empty: none yet
    std::size_t date_at = 0;
    std::size_t date_size = 0;

    [[nodiscard]] bool Is(const ResponseHead& head) const;
    void Keep(const ResponseHead& head, std::string_view written, std::size_t date);
  };
  static constexpr std::size_t kPlaces = 64;

  std::array<Kept, kPlaces> kept_;
};

// What stands before a chunk of `size` bytes (RFC 9112 section 7.1); kChunkEnd stands behind it. REQUIRES: not zero,
// since an empty chunk is the last one.
using ChunkHead = std::array<char, sizeof(std::uint64_t) * 2 + 2>;
[[nodiscard]] std::string_view WriteChunkHead(std::uint64_t size, ChunkHead& out);

inline constexpr std::string_view kChunkEnd = "\r\n";

// What ends a chunked body, without trailers; and the same behind the bytes of its last chunk.
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
inline constexpr std::string_view kChunkEndAndLast = "\r\n0\r\n\r\n";

// The interim answer to Expect: 100-continue.
inline constexpr std::string_view kContinueLine = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace colmeia::h1
