// SipHash-2-4: a keyed hash of 64 bits (J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF", 2012).
//
// The key is secret, so a client cannot choose keys of its own that fall into one bucket, or onto another's slot.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace colmeia::zone {

using HashKey = std::array<std::uint64_t, 2>;

[[nodiscard]] std::uint64_t SipHash(const HashKey& key, std::string_view bytes);

}  // namespace colmeia::zone
