// Parser: bytes of an HTTP/1 connection -> request heads. llhttp parses, and a fence stands around it (RFC 9112).
//
// It does not read, keep or copy bytes, and does not read bodies: that is BodyDecoder. It is small and makes no
// allocation, so an idle connection may keep one.
//
// What the fence adds to llhttp's strict mode (M numbers of the design's HTTP page):
//   1. before llhttp, line by line as lines arrive: limits; no bare CR, NUL or control character; no folded or nameless
//      field; a request line of exactly "method SP target SP HTTP/D.D"; a TAB in a field becomes a SP (in place);
//      a bare LF ends a line as CRLF does. llhttp sees bytes above 0x7f of a target percent-encoded.
//   2. after llhttp: exactly one valid Host in HTTP/1.1; Transfer-Encoding is once and exactly "chunked", never in
//      HTTP/1.0 and never beside Content-Length; own reading of Connection; singletons that come twice are refused.
//   3. the two must agree on where the head ends.
// A head that arrives at once and is plain (plain_head.h) needs neither llhttp nor the first half of the fence: it is
// known what both would say.
//
// Methods: CONNECT and TRACE are refused with 405 here. A token that is no known method is a complete head with
// Method::kUnknown. Anything else is 400.
//
//   h1::HeadResult result = parser.ParseHead(bytes, head);
//   kIncomplete: keep the bytes, call again with the same ones (moved or not) and more behind them.
//   kComplete:   result.consumed bytes are the head; the parser is ready for the next one.
//   kError:      answer result.fault.status, close; do not use this parser again before Reset().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "h1/head_lines.h"
#include "h1/request_head.h"
#include "http/fault.h"

namespace colmeia::h1 {

struct HeadLimits {
  std::uint32_t line_bytes = 8 * 1024;         // a request line (414) or a field line (494), with its line end
  std::uint32_t head_bytes = (1 + 32) * 1024;  // everything (494)
  std::uint32_t fields = 1000;                 // nginx's max_headers: field lines, without those left out (494)
  bool ignore_invalid_headers = true;   // nginx's: names with other than letters, digits and "-" are left out, else 400
  bool underscores_in_headers = false;  // nginx's: "_" is valid in names, too

  // The meaning of nginx's client_header_buffer_size and large_client_header_buffers.
  static HeadLimits FromBuffers(std::size_t header_buffer, std::size_t large_count, std::size_t large_size);
};

enum class HeadState {
  kIncomplete,  // more bytes are needed
  kComplete,    // a head was parsed
  kError,       // the client is to be refused
};

struct HeadResult {
  HeadState state = HeadState::kIncomplete;
  std::size_t consumed = 0;  // kComplete: bytes of the head, skipped empty lines before it included
  http::Fault fault{};       // kError
};

class Parser {
 public:
  static constexpr int kMaxEmptyLines = 4;  // before a request line, of CRLF each

  // `limits` must outlive the parser.
  explicit Parser(const HeadLimits& limits) : limits_(&limits) {}

  // `bytes` begins with the first byte after the previous request. `out` is cleared and filled; after kIncomplete it is
  // meaningless, after kError only `line` is of use. Bytes of the head may be changed in place (TAB to SP).
  HeadResult ParseHead(std::span<char> bytes, RequestHead& out);

  // Forgets what was scanned: the next bytes begin a head.
  void Reset();

  // Whether a byte of a request line was seen since the last head. Empty lines between requests do not count, so they
  // do not restart an idle timer.
  [[nodiscard]] bool started() const { return started_; }

  // Whether the request line is complete and fields are being collected; after kError, which of them was wrong.
  [[nodiscard]] bool in_fields() const { return line_ == Line::kField; }

 private:
  enum class Line : std::uint8_t {
    kRequest,  // the request line, or empty lines before it
    kField,    // a field line, or the empty line that ends the head
  };

  [[nodiscard]] std::size_t TakePlainHead(std::span<const char> bytes, RequestHead& out) const;
  http::Fault TakeLine(char* line, std::size_t raw_size);
  [[nodiscard]] std::size_t LimitOffset() const;
  [[nodiscard]] http::Fault LimitFault() const;
  [[nodiscard]] http::Fault EarlyFault(std::string_view partial_line) const;
  http::Fault Finish(std::span<char> head, RequestHead& out) const;

  const HeadLimits* limits_;
  std::uint32_t scanned_ = 0;      // bytes from the start that hold no further LF
  std::uint32_t line_start_ = 0;   // offset of the line that is being collected
  std::uint32_t head_start_ = 0;   // offset of the request line, after skipped empty lines
  std::uint32_t field_lines_ = 0;  // without those that are left out
  RequestLine request_line_{};     // once it is complete
  Line line_ = Line::kRequest;
  std::uint8_t empty_lines_ = 0;  // before the request line
  bool started_ = false;
  bool has_bare_lf_ = false;   // a line ended without a CR
  bool has_odd_name_ = false;  // a field's name is one that nginx ignores
};

}  // namespace colmeia::h1
