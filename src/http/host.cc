#include "http/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>

#include "util/strings.h"

namespace colmeia::http {
namespace {

enum NameByte : std::uint8_t {
  kNoName = 0,
  kPlain = 1,
  kCapital = 2,
  kDot = 4,
  kDoubleDot = kDot << 1,  // of no byte alone: two dots stand side by side
};

// RFC 3986 section 3.2.2: unreserved and sub-delims; escapes are looked at apart.
constexpr std::array<std::uint8_t, 256> MakeNameBytes() {
  std::array<std::uint8_t, 256> table{};
  for (const char c : std::string_view("0123456789abcdefghijklmnopqrstuvwxyz-_~!$&'()*+,;=")) {
    table[static_cast<unsigned char>(c)] = kPlain;
  }
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = kCapital;
  table[static_cast<unsigned char>('.')] = kDot;
  return table;
}
constexpr std::array<std::uint8_t, 256> kNameBytes = MakeNameBytes();

constexpr std::uint8_t NameByteOf(char c) { return kNameBytes[static_cast<unsigned char>(c)]; }

// REQUIRES: `text` is not empty.
bool StartsWithEscape(std::string_view text) {
  return text[0] == '%' && text.size() >= 3 && util::HexValue(text[1]) >= 0 && util::HexValue(text[2]) >= 0;
}

// The beginning of a text that is a reg-name: how long, and which NameBytes it has.
struct RegName {
  std::size_t size = 0;
  unsigned bytes = kNoName;
};

RegName FindRegName(std::string_view text) {
  const char* const end = text.data() + text.size();
  const char* at = text.data();
  unsigned bytes = kNoName;
  unsigned before = kNoName;
  while (at < end) {
    const unsigned byte = NameByteOf(*at);
    if (byte != kNoName) {
      bytes |= byte | (byte & before & kDot) << 1;
      ++at;
    } else if (StartsWithEscape({at, static_cast<std::size_t>(end - at)})) {
      bytes |= NameByteOf(at[1]) | NameByteOf(at[2]);
      at += 3;
    } else {
      break;
    }
    before = byte;
  }
  return {static_cast<std::size_t>(at - text.data()), bytes};
}

bool IsIpv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return false;
  text.copy(terminated.data(), text.size());
  in6_addr address{};
  return inet_pton(AF_INET6, terminated.data(), &address) == 1;
}

}  // namespace

std::optional<HostPort> SplitHost(std::string_view text) {
  HostPort result;
  std::size_t end = 0;
  unsigned bytes = kNoName;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !IsIpv6(text.substr(1, close - 1))) return std::nullopt;
    end = close + 1;
    for (const char c : text.substr(0, end)) bytes |= NameByteOf(c);
  } else {
    const RegName name = FindRegName(text);
    end = name.size;
    bytes = name.bytes;
  }
  result.host = text.substr(0, end);
  result.is_lower = (bytes & kCapital) == 0;
  text.remove_prefix(end);
  if (!text.empty()) {
    if (text.front() != ':') return std::nullopt;
    text.remove_prefix(1);
    if (!text.empty()) {
      const std::optional<std::uint16_t> port = util::ParseNumber<std::uint16_t>(text);
      if (!port) return std::nullopt;
      result.port = *port;
    }
  }
  if (result.host.ends_with('.')) result.host.remove_suffix(1);
  // Two dots in a row or nothing but a dot name no host (nginx refuses them too).
  if (result.host.empty() || (bytes & kDoubleDot) != 0) return std::nullopt;
  return result;
}

std::optional<HostPort> HostMemo::Split(std::string_view text) {
  static constexpr std::size_t kLongest = 255;  // of a name in the DNS: nobody makes us keep more
  if (text.empty() || !util::Same(text, text_)) {
    const std::optional<HostPort> parts = SplitHost(text);
    if (!parts || text.size() > kLongest) return parts;
    text_ = text;
    parts_ = *parts;
    size_ = parts->host.size();
  }
  HostPort same = parts_;
  same.host = text.substr(0, size_);
  return same;
}

std::string_view LowercaseHost(const HostPort& host, util::Arena& arena) {
  if (host.is_lower) return host.host;
  char* const out = arena.Allocate(host.host.size());
  for (std::size_t i = 0; i < host.host.size(); ++i) out[i] = util::ToLower(host.host[i]);
  return {out, host.host.size()};
}

}  // namespace colmeia::http
