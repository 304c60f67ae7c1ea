#include "http/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>

#include "util/strings.h"

namespace colmeia::http {
namespace {

// RFC 3986 section 3.2.2: unreserved and sub-delims; escapes are looked at apart.
constexpr std::array<bool, 256> MakeRegName() {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) {
    table[c] = util::IsAlpha(static_cast<char>(c)) || util::IsDigit(static_cast<char>(c));
  }
  for (const char c : std::string_view("-._~!$&'()*+,;=")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kRegName = MakeRegName();

constexpr bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }

bool StartsWithEscape(std::string_view text) {
  return text.size() >= 3 && text[0] == '%' && util::HexValue(text[1]) >= 0 && util::HexValue(text[2]) >= 0;
}

// The bytes of `text` that are a reg-name.
std::size_t RegNameSize(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size()) {
    if (kRegName[static_cast<unsigned char>(text[size])]) {
      ++size;
    } else if (StartsWithEscape(text.substr(size))) {
      size += 3;
    } else {
      break;
    }
  }
  return size;
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
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !IsIpv6(text.substr(1, close - 1))) return std::nullopt;
    end = close + 1;
  } else {
    end = RegNameSize(text);
  }
  result.host = text.substr(0, end);
  for (const char c : result.host) {
    if (IsCapital(c)) result.is_lower = false;
  }
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
  if (result.host.empty() || result.host.ends_with('.') || result.host.find("..") != std::string_view::npos) {
    return std::nullopt;
  }
  return result;
}

std::string_view LowercaseHost(const HostPort& host, util::Arena& arena) {
  if (host.is_lower) return host.host;
  char* const out = arena.Allocate(host.host.size());
  for (std::size_t i = 0; i < host.host.size(); ++i) out[i] = util::ToLower(host.host[i]);
  return {out, host.host.size()};
}

}  // namespace colmeia::http
