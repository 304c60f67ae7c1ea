// BodyDecoder: the bytes after a request head -> the body's content (RFC 9112 sections 6 and 7).
//
// It copies nothing and keeps no bytes: content comes out as views of what was fed. Chunked framing wants CRLF
// everywhere; extensions and trailers are checked, counted and dropped (RFC 9110 section 6.5.1). It does not limit the
// size of the content: compare total() with client_max_body_size.
//
//   decoder.StartChunked();
//   while (!bytes.empty()) {
//     BodyDecoder::Step step = decoder.Next(bytes);
//     bytes.remove_prefix(step.consumed);
//     Use(step.data);
//     if (step.state != BodyState::kMore) break;
//   }
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/fault.h"

namespace colmeia::h1 {

enum class BodyState {
  kMore,   // feed what is left, or wait for more
  kDone,   // the body has ended; what follows belongs to the next request
  kError,  // broken framing: refuse and close
};

class BodyDecoder {
 public:
  struct Step {
    BodyState state = BodyState::kMore;
    std::size_t consumed = 0;  // of the bytes that were fed; never 0 for kMore unless nothing was fed
    std::string_view data{};   // content, part of the consumed bytes; may be empty
    http::Fault fault{};       // kError
  };

  // Exactly one of these before the first Next() of each body. A fixed body of 0 bytes is done at once.
  void StartFixed(std::uint64_t length);
  void StartChunked();

  [[nodiscard]] Step Next(std::string_view bytes);

  [[nodiscard]] bool done() const { return stage_ == Stage::kDone; }
  // Content bytes handed out so far.
  [[nodiscard]] std::uint64_t total() const { return total_; }
  // Content bytes that are known to follow: of the fixed body or of the current chunk.
  [[nodiscard]] std::uint64_t remaining() const { return remaining_; }

  static constexpr int kMaxSizeDigits = 16;                    // of a chunk's size, leading zeros included
  static constexpr std::uint64_t kMaxOverhead = 16 * 1024;     // framing bytes beyond what the content justifies
  static constexpr std::uint64_t kMaxTrailerBytes = 8 * 1024;  // of the whole trailer section

 private:
  enum class Stage : std::uint8_t {
    kDone,           // nothing is expected
    kFixed,          // remaining_ bytes of a fixed body
    kSizeStart,      // the first digit of a chunk's size
    kSize,           // further digits, or what ends them
    kExtensionName,  // after ";": at least one token character
    kExtensionMore,  // within the name
    kValueStart,     // after "="
    kValueToken,     // within a token value
    kValueQuoted,    // within a quoted string
    kValueEscaped,   // after a backslash in it
    kValueEnd,       // after the closing quote
    kSizeLf,         // the LF of a chunk's line
    kData,           // remaining_ bytes of a chunk
    kDataCr,         // the CRLF after a chunk's content
    kDataLf,
    kTrailerStart,  // the first byte of a trailer line, or the CR of the last line
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kLastLf,  // the LF that ends the body
    kBroken,  // an error was reported
  };

  Step NextFixed(std::string_view bytes);
  Step NextChunked(std::string_view bytes);
  http::Fault TakeFraming(char c);
  http::Fault EndOfExtension(char c);
  [[nodiscard]] bool IsForbiddenTrailer() const;

  std::uint64_t remaining_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t overhead_ = 0;  // framing bytes not yet paid for by content
  std::uint32_t trailer_bytes_ = 0;
  Stage stage_ = Stage::kDone;
  std::uint8_t digits_ = 0;
  std::uint8_t name_size_ = 0;
  std::array<char, 18> name_{};  // a trailer's name in lower case, as far as it matters
};

}  // namespace colmeia::h1
