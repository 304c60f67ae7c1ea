#include "sys/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>

#include <fmt/core.h>

#include "sys/error.h"
#include "util/strings.h"

namespace colmeia::sys {

namespace {

constexpr std::uint16_t kDefaultPort = 80;
constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::size_t kUnixPathOffset = offsetof(sockaddr_un, sun_path);

template <class Sockaddr>
const Sockaddr& As(const sockaddr_storage& storage) {
  return reinterpret_cast<const Sockaddr&>(storage);
}

// A `listen` address taken apart: an empty host stands for every address.
struct HostAndPort {
  std::string host;
  bool bracketed = false;  // [host]: IPv6
  std::uint16_t port = kDefaultPort;
};

tl::unexpected<Error> Invalid(const char* what, std::string_view text) {
  return Fail(fmt::format("{} in \"{}\"", what, text));
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  const auto port = util::ParseNumber<std::uint16_t>(text);
  return port == 0 ? std::nullopt : port;
}

Result<HostAndPort> TakeApart(std::string_view text) {
  HostAndPort parts;
  std::string_view rest;  // after the host: nothing, or a colon and a port
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return Invalid("missing \"]\"", text);
    parts.bracketed = true;
    parts.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos && !text.empty() && std::all_of(text.begin(), text.end(), util::IsDigit)) {
      const auto port = ParsePort(text);
      if (!port) return Invalid("invalid port", text);
      parts.port = *port;
      return parts;
    }
    parts.host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (parts.host.empty()) return Invalid("no host", text);
  if (parts.host == "*") parts.host.clear();
  if (rest.empty()) return parts;
  const auto port = rest.front() == ':' ? ParsePort(rest.substr(1)) : std::nullopt;
  if (!port) return Invalid("invalid port", text);
  parts.port = *port;
  return parts;
}

char* PutDecimal(char* out, unsigned char byte) {
  if (byte >= 100) *out++ = static_cast<char>('0' + byte / 100);
  if (byte >= 10) *out++ = static_cast<char>('0' + byte / 10 % 10);
  *out++ = static_cast<char>('0' + byte % 10);
  return out;
}

}  // namespace

Result<Address> Address::FromIp(std::string_view ip, std::uint16_t port) {
  const std::string text(ip);
  Address address;
  if (in_addr v4{}; inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    auto& to = reinterpret_cast<sockaddr_in&>(address.storage_);
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr = v4;
    address.size_ = sizeof(sockaddr_in);
    return address;
  }
  if (in6_addr v6{}; inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
    auto& to = reinterpret_cast<sockaddr_in6&>(address.storage_);
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    to.sin6_addr = v6;
    address.size_ = sizeof(sockaddr_in6);
    return address;
  }
  return Fail(fmt::format("\"{}\" is not an IP address", ip));
}

Result<Address> Address::FromUnixPath(std::string_view path) {
  Address address;
  auto& to = reinterpret_cast<sockaddr_un&>(address.storage_);
  if (path.empty()) return Fail("no path in the unix domain socket");
  if (path.find('\0') != std::string_view::npos) return Fail("a null character in the unix domain socket's path");
  if (path.size() >= sizeof(to.sun_path))
    return Fail(fmt::format("too long path in the unix domain socket \"{}\"", path));
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.data(), path.size());
  address.size_ = static_cast<socklen_t>(kUnixPathOffset + path.size() + 1);
  return address;
}

Result<Address> Address::ParseListen(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) return FromUnixPath(text.substr(kUnixPrefix.size()));
  Result<HostAndPort> parts = TakeApart(text);
  if (!parts) return tl::unexpected(parts.error());
  Result<Address> address = FromIp(parts->host.empty() ? "0.0.0.0" : parts->host, parts->port);
  if (!address || parts->bracketed != (address->family() == AF_INET6)) return Invalid("invalid address", text);
  return address;
}

Result<std::vector<Address>> Address::Resolve(std::string_view text) {
  Result<Address> numeric = ParseListen(text);
  if (numeric) return std::vector<Address>{*numeric};
  Result<HostAndPort> parts = TakeApart(text);
  const bool is_name = parts && !parts->bracketed && !text.starts_with(kUnixPrefix);
  if (!is_name) return tl::unexpected(numeric.error());

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(parts->host.c_str(), nullptr, &hints, &found);
  if (result != 0) return Fail(fmt::format("host not found in \"{}\": {}", text, gai_strerror(result)));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);

  std::vector<Address> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    Address address = FromSockaddr(at->ai_addr, at->ai_addrlen);
    if (address.family() == AF_INET) {
      reinterpret_cast<sockaddr_in&>(address.storage_).sin_port = htons(parts->port);
    } else if (address.family() == AF_INET6) {
      reinterpret_cast<sockaddr_in6&>(address.storage_).sin6_port = htons(parts->port);
    } else {
      continue;
    }
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
  }
  if (addresses.empty()) return Fail(fmt::format("host not found in \"{}\"", text));
  return addresses;
}

Address Address::FromSockaddr(const sockaddr* address, socklen_t size) {
  Address copy;
  copy.size_ = std::min<socklen_t>(size, sizeof(copy.storage_));
  std::memcpy(&copy.storage_, address, copy.size_);
  return copy;
}

Result<Address> Address::FromBytes(std::string_view bytes) {
  Address address;
  if (bytes.size() < sizeof(sa_family_t) || bytes.size() > sizeof(address.storage_)) {
    return Fail("a socket address of an impossible size");
  }
  std::memcpy(&address.storage_, bytes.data(), bytes.size());
  address.size_ = static_cast<socklen_t>(bytes.size());
  const bool fits = (address.family() == AF_INET && bytes.size() == sizeof(sockaddr_in)) ||
                    (address.family() == AF_INET6 && bytes.size() == sizeof(sockaddr_in6)) ||
                    (address.family() == AF_UNIX && bytes.size() <= sizeof(sockaddr_un));
  if (!fits) return Fail("a socket address of an unknown kind");
  return address;
}

Result<Address> Address::LocalOf(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (getsockname(fd, address, &size) != 0) return FailErrno(fmt::format("cannot get the address of socket {}", fd));
  return FromSockaddr(address, size);
}

std::string Address::ToString() const {
  switch (family()) {
    case AF_INET:
      return fmt::format("{}:{}", HostText(), port());
    case AF_INET6:
      return fmt::format("[{}]:{}", HostText(), port());
    case AF_UNIX:
      return fmt::format("{}{}", kUnixPrefix, UnixPath());
    default:
      return "no address";
  }
}

std::string Address::HostText() const {
  char text[INET6_ADDRSTRLEN] = "";
  switch (family()) {
    case AF_INET: {
      // Every line of an access log has it, and inet_ntop takes ten times as long.
      char* end = text;
      for (const char byte : HostBytes()) {
        if (end != text) *end++ = '.';
        end = PutDecimal(end, static_cast<unsigned char>(byte));
      }
      return {text, end};
    }
    case AF_INET6:
      return inet_ntop(AF_INET6, &As<sockaddr_in6>(storage_).sin6_addr, text, sizeof(text));
    case AF_UNIX:
      return std::string(kUnixPrefix);
    default:
      return {};
  }
}

std::uint16_t Address::port() const {
  switch (family()) {
    case AF_INET:
      return ntohs(As<sockaddr_in>(storage_).sin_port);
    case AF_INET6:
      return ntohs(As<sockaddr_in6>(storage_).sin6_port);
    default:
      return 0;
  }
}

bool Address::IsWildcard() const {
  const std::string_view host = HostBytes();
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char byte) { return byte == 0; });
}

std::string_view Address::UnixPath() const {
  if (family() != AF_UNIX || size_ <= kUnixPathOffset) return {};
  // The kernel may or may not count the closing null, and pads nothing.
  const std::string_view path(As<sockaddr_un>(storage_).sun_path, size_ - kUnixPathOffset);
  return path.substr(0, path.find('\0'));
}

std::string_view Address::HostBytes() const {
  switch (family()) {
    case AF_INET:
      return {reinterpret_cast<const char*>(&As<sockaddr_in>(storage_).sin_addr), sizeof(in_addr)};
    case AF_INET6:
      return {reinterpret_cast<const char*>(&As<sockaddr_in6>(storage_).sin6_addr), sizeof(in6_addr)};
    default:
      return {};
  }
}

std::string_view Address::PlainHostBytes() const {
  static constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  std::string_view bytes = HostBytes();
  if (bytes.starts_with(kMapped)) bytes.remove_prefix(kMapped.size());
  return bytes;
}

std::string_view Address::bytes() const { return {reinterpret_cast<const char*>(&storage_), size_}; }

}  // namespace colmeia::sys
