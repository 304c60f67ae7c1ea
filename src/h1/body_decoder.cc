#include "h1/body_decoder.h"

#include <algorithm>

#include "h1/bytes.h"
#include "util/control.h"
#include "util/strings.h"

namespace colmeia::h1 {
namespace {

using http::Fault;
using http::Status;

constexpr Fault kInvalidSize{Status::kBadRequest, "client sent invalid chunk size"};
constexpr Fault kLongSize{Status::kBadRequest, "client sent too long chunk size"};
constexpr Fault kInvalidExtension{Status::kBadRequest, "client sent invalid chunk extension"};
constexpr Fault kTooMuchFraming{Status::kBadRequest, "client sent too much chunk framing"};
constexpr Fault kInvalidChunkEnd{Status::kBadRequest, "client sent invalid end of chunk"};
constexpr Fault kInvalidTrailer{Status::kBadRequest, "client sent invalid trailer line"};
constexpr Fault kForbiddenTrailer{Status::kBadRequest, "client sent Transfer-Encoding in trailer"};
constexpr Fault kLargeTrailer{Status::kBadRequest, "client sent too large trailer"};

// Framing that each chunk may have for nothing: its size line and the CRLF after its content.
constexpr std::uint64_t kFreeOverhead = 16;

}  // namespace

void BodyDecoder::StartFixed(std::uint64_t length) {
  *this = BodyDecoder();
  remaining_ = length;
  stage_ = length == 0 ? Stage::kDone : Stage::kFixed;
}

void BodyDecoder::StartChunked() {
  *this = BodyDecoder();
  stage_ = Stage::kSizeStart;
}

BodyDecoder::Step BodyDecoder::Next(std::string_view bytes) {
  if (stage_ == Stage::kDone) return {BodyState::kDone, 0, {}, {}};
  if (stage_ == Stage::kFixed) return NextFixed(bytes);
  return NextChunked(bytes);
}

BodyDecoder::Step BodyDecoder::NextFixed(std::string_view bytes) {
  const std::string_view data =
      bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), remaining_)));
  remaining_ -= data.size();
  total_ += data.size();
  if (remaining_ == 0) stage_ = Stage::kDone;
  return {done() ? BodyState::kDone : BodyState::kMore, data.size(), data, {}};
}

// Framing up to the next content, then that content: one span a step.
BodyDecoder::Step BodyDecoder::NextChunked(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (stage_ == Stage::kData) {
      const std::uint64_t available = bytes.size() - at;
      const std::string_view data = bytes.substr(at, static_cast<std::size_t>(std::min(available, remaining_)));
      remaining_ -= data.size();
      total_ += data.size();
      overhead_ -= std::min<std::uint64_t>(overhead_, 2 * data.size());
      if (remaining_ == 0) stage_ = Stage::kDataCr;
      return {BodyState::kMore, at + data.size(), data, {}};
    }
    const Fault fault = TakeFraming(bytes[at]);
    if (fault) {
      stage_ = Stage::kBroken;
      return {BodyState::kError, at, {}, fault};
    }
    ++at;
    if (done()) return {BodyState::kDone, at, {}, {}};
  }
  return {BodyState::kMore, at, {}, {}};
}

Fault BodyDecoder::TakeFraming(char c) {
  if (stage_ >= Stage::kTrailerStart) {
    if (++trailer_bytes_ > kMaxTrailerBytes) return kLargeTrailer;
  } else if (++overhead_ > kMaxOverhead) {
    return kTooMuchFraming;
  }
  switch (stage_) {
    case Stage::kSizeStart:
      overhead_ -= std::min(overhead_, kFreeOverhead);
      remaining_ = 0;
      digits_ = 0;
      [[fallthrough]];
    case Stage::kSize: {
      const int digit = util::HexValue(c);
      if (digit >= 0) {
        if (++digits_ > kMaxSizeDigits) return kLongSize;
        remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
        stage_ = Stage::kSize;
        return {};
      }
      if (stage_ == Stage::kSizeStart) return kInvalidSize;
      if (c != ';' && c != '\r') return kInvalidSize;
      stage_ = c == ';' ? Stage::kExtensionName : Stage::kSizeLf;
      return {};
    }
    case Stage::kExtensionName:
      if (!IsTokenChar(c)) return kInvalidExtension;
      stage_ = Stage::kExtensionMore;
      return {};
    case Stage::kExtensionMore:
      if (IsTokenChar(c)) return {};
      if (c == '=') {
        stage_ = Stage::kValueStart;
        return {};
      }
      return EndOfExtension(c);
    case Stage::kValueStart:
      if (c == '"') {
        stage_ = Stage::kValueQuoted;
        return {};
      }
      if (!IsTokenChar(c)) return kInvalidExtension;
      stage_ = Stage::kValueToken;
      return {};
    case Stage::kValueToken:
      return IsTokenChar(c) ? Fault{} : EndOfExtension(c);
    case Stage::kValueQuoted:
      if (c == '"') {
        stage_ = Stage::kValueEnd;
      } else if (c == '\\') {
        stage_ = Stage::kValueEscaped;
      } else if (util::IsControl(c) && c != '\t') {
        return kInvalidExtension;
      }
      return {};
    case Stage::kValueEscaped:
      if (util::IsControl(c) && c != '\t') return kInvalidExtension;
      stage_ = Stage::kValueQuoted;
      return {};
    case Stage::kValueEnd:
      return EndOfExtension(c);
    case Stage::kSizeLf:
      if (c != '\n') return kInvalidSize;
      stage_ = remaining_ == 0 ? Stage::kTrailerStart : Stage::kData;
      return {};
    case Stage::kDataCr:
      if (c != '\r') return kInvalidChunkEnd;
      stage_ = Stage::kDataLf;
      return {};
    case Stage::kDataLf:
      if (c != '\n') return kInvalidChunkEnd;
      stage_ = Stage::kSizeStart;
      return {};
    case Stage::kTrailerStart:
      if (c == '\r') {
        stage_ = Stage::kLastLf;
        return {};
      }
      name_size_ = 0;
      if (!IsTokenChar(c)) return kInvalidTrailer;
      stage_ = Stage::kTrailerName;
      [[fallthrough]];
    case Stage::kTrailerName:
      if (c == ':') {
        if (IsForbiddenTrailer()) return kForbiddenTrailer;
        stage_ = Stage::kTrailerValue;
        return {};
      }
      if (!IsTokenChar(c)) return kInvalidTrailer;
      if (name_size_ < name_.size()) name_[name_size_++] = util::ToLower(c);
      return {};
    case Stage::kTrailerValue:
      if (c == '\r') {
        stage_ = Stage::kTrailerLf;
      } else if (util::IsControl(c) && c != '\t') {
        return kInvalidTrailer;
      }
      return {};
    case Stage::kTrailerLf:
      if (c != '\n') return kInvalidTrailer;
      stage_ = Stage::kTrailerStart;
      return {};
    case Stage::kLastLf:
      if (c != '\n') return kInvalidTrailer;
      stage_ = Stage::kDone;
      return {};
    case Stage::kDone:
    case Stage::kFixed:
    case Stage::kData:
    case Stage::kBroken:
      break;
  }
  return kInvalidSize;  // after an error: still an error
}

// What may stand after an extension: another one, or the end of the line.
Fault BodyDecoder::EndOfExtension(char c) {
  if (c != ';' && c != '\r') return kInvalidExtension;
  stage_ = c == ';' ? Stage::kExtensionName : Stage::kSizeLf;
  return {};
}

// A trailer that speaks of framing is no oversight but an attack on whoever merges trailers.
bool BodyDecoder::IsForbiddenTrailer() const {
  return std::string_view(name_.data(), name_size_) == "transfer-encoding";
}

}  // namespace colmeia::h1
