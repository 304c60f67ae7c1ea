// Accept-Encoding (RFC 9110 section 12.5.3): which content codings a client takes, and which it likes best.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/fields.h"

namespace colmeia::http {

enum class Coding : std::uint8_t {
  kGzip,    // "gzip", or its old name "x-gzip"
  kBrotli,  // "br"
  kZstd,    // "zstd"
};
inline constexpr std::size_t kCodings = 3;

// As Content-Encoding names it.
[[nodiscard]] std::string_view CodingName(Coding coding);

// How much a client wants each coding, in thousandths: 0 is not at all.
class AcceptedCodings {
 public:
  // Nobody who does not ask gets a coding.
  AcceptedCodings() = default;
  // By all of a request's Accept-Encoding fields. Where a coding is named twice the first one counts, and "*" stands
  // for those that are not named. A weight, or another parameter, that cannot be read refuses its coding, as in nginx.
  explicit AcceptedCodings(const Fields& request);

  [[nodiscard]] int WeightOf(Coding coding) const { return weights_[static_cast<std::size_t>(coding)]; }
  // It may be used, and the client does not say that it would rather have the bytes as they are.
  [[nodiscard]] bool Accepts(Coding coding) const { return WeightOf(coding) > 0 && WeightOf(coding) >= identity_; }

 private:
  std::array<int, kCodings> weights_{};
  int identity_ = 0;  // unless the client names it, or "*", anything is better
};

}  // namespace colmeia::http
