#include "transport/packed_address.h"

#include <algorithm>
#include <cstring>

namespace colmeia::transport {

PackedAddress::PackedAddress(const sys::Address& address) {
  const std::size_t size = address.family() == AF_UNIX ? sizeof(sa_family_t) : address.sockaddr_size();
  size_ = static_cast<std::uint8_t>(std::min(size, bytes_.size()));
  std::memcpy(bytes_.data(), address.sockaddr_data(), size_);
}

sys::Address PackedAddress::Expand() const {
  return sys::Address::FromSockaddr(reinterpret_cast<const sockaddr*>(bytes_.data()), size_);
}

}  // namespace colmeia::transport
