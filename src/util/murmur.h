// MurmurHash2 in 32 bits, without a seed: the hash by which nginx's split_clients divides clients, so that a client
// stays in its part when a site moves from one server to the other. Not for tables that a client can fill.
#pragma once

#include <cstdint>
#include <string_view>

namespace colmeia::util {

[[nodiscard]] std::uint32_t MurmurHash2(std::string_view text);

}  // namespace colmeia::util
