// Address: where to listen, or the other end of a connection: IPv4, IPv6 or a Unix path, as a value.
//
// Two addresses are equal when the kernel would say so. Parsing asks no name service; only Resolve() does.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace colmeia::sys {

class Address {
 public:
  Address() = default;  // no address: family() is AF_UNSPEC

  // The address of nginx's `listen` directive, without its options: "80", "*:80", "127.0.0.1:8080", "127.0.0.1" (port
  // 80), "[::]:80", "[::1]", "unix:/path". Host names fail here: they need Resolve().
  [[nodiscard]] static Result<Address> ParseListen(std::string_view text);

  // As ParseListen, and "localhost:8000" too, which may stand for several addresses. It may wait for a name server, so
  // no process that serves calls it.
  [[nodiscard]] static Result<std::vector<Address>> Resolve(std::string_view text);

  // A numeric address and a port, which may be 0: "127.0.0.1" or "::1".
  [[nodiscard]] static Result<Address> FromIp(std::string_view ip, std::uint16_t port);

  // Fails when the path is empty or too long for a sockaddr (107 bytes).
  [[nodiscard]] static Result<Address> FromUnixPath(std::string_view path);

  // The bytes of a sockaddr, as bytes() gives them. They come from a peer: everything is checked.
  [[nodiscard]] static Result<Address> FromBytes(std::string_view bytes);
  [[nodiscard]] static Address FromSockaddr(const sockaddr* address, socklen_t size);

  // getsockname(2).
  [[nodiscard]] static Result<Address> LocalOf(int fd);

  // "127.0.0.1:80", "[::1]:80", "unix:/path"; "unix:" for an unnamed Unix socket, as in nginx.
  [[nodiscard]] std::string ToString() const;

  // Without the port, and IPv6 without brackets: nginx's $remote_addr. "unix:" for every Unix socket.
  [[nodiscard]] std::string HostText() const;

  // 0 for Unix sockets.
  [[nodiscard]] std::uint16_t port() const;
  // AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC.
  [[nodiscard]] int family() const { return storage_.ss_family; }
  // 0.0.0.0 or [::]: every address of the host.
  [[nodiscard]] bool IsWildcard() const;
  // The path of a Unix socket, otherwise empty. Valid as long as this.
  [[nodiscard]] std::string_view UnixPath() const;

  // The address in network order, 4 or 16 bytes, nginx's $binary_remote_addr. Valid as long as this.
  [[nodiscard]] std::string_view HostBytes() const;
  // The same, and of an IPv4 address within IPv6 (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2) the four bytes of a.b.c.d.
  [[nodiscard]] std::string_view PlainHostBytes() const;

  // The sockaddr, valid as long as this.
  [[nodiscard]] std::string_view bytes() const;
  [[nodiscard]] const sockaddr* sockaddr_data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t sockaddr_size() const { return size_; }

  friend bool operator==(const Address& a, const Address& b) { return a.bytes() == b.bytes(); }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace colmeia::sys
