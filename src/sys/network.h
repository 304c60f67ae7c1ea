// Network: the addresses that begin with the same bits, as 10.0.0.0/8 and 2001:db8::/32 (RFC 4632, RFC 4291 section 2.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace colmeia::sys {

struct Network {
  std::string bytes;  // 4 or 16, in network order; those behind `bits` are 0
  unsigned bits = 0;

  // `address` in network order, 4 or 16 bytes. One of the other length is not in it.
  [[nodiscard]] bool Contains(std::string_view address) const;
  auto operator<=>(const Network&) const = default;
};

struct ParsedNetwork {
  Network network;
  bool had_host_bits = false;  // bits behind the network's were set, which mean nothing
};

enum class NetworkFault {
  kAddress,  // what stands before the slash is no address
  kLength,   // what stands behind it is no length
};

// "10.0.0.0/8", or an address, which is a network of its own. On a fault `fault` says which.
[[nodiscard]] std::optional<ParsedNetwork> ParseNetwork(std::string_view text, NetworkFault& fault);

}  // namespace colmeia::sys
