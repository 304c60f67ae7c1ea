// PackedAddress: a client's address, as small as it can be, because each idle connection keeps one.
#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>

#include "sys/address.h"

namespace colmeia::transport {

class PackedAddress {
 public:
  // Of a Unix client nothing is kept but that it is one.
  explicit PackedAddress(const sys::Address& address);
  [[nodiscard]] sys::Address Expand() const;

 private:
  std::array<char, sizeof(sockaddr_in6)> bytes_;
  std::uint8_t size_;
};

}  // namespace colmeia::transport
