#include "pipeline/forwarded.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "pipeline/exchange.h"

namespace colmeia::pipeline {
namespace {

bool IsProxy(const sys::Address& address, std::span<const sys::Network> proxies) {
  return std::any_of(proxies.begin(), proxies.end(),
                     [&](const sys::Network& network) { return network.Contains(address.PlainHostBytes()); });
}

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or "[2001:db8::1]:80".
std::optional<sys::Address> ParseForwarded(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    text = text.substr(1, end == std::string_view::npos ? 0 : end - 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    text = text.substr(0, text.find(':'));
  }
  auto address = sys::Address::FromIp(text, 0);
  return address ? std::optional(*address) : std::nullopt;
}

// Takes the last address off the end of a field's value; empty when none is left.
std::string_view TakeLast(std::string_view& rest) {
  static constexpr std::string_view kBetween = " ,";
  const std::size_t end = rest.find_last_not_of(kBetween);
  if (end == std::string_view::npos) return rest = {};
  rest = rest.substr(0, end + 1);
  const std::size_t before = rest.find_last_of(kBetween);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view last = rest.substr(begin);
  rest = rest.substr(0, begin);
  return last;
}

}  // namespace

sys::Address ForwardedAddress(const Exchange& exchange, const sys::Address& peer, std::span<const sys::Network> proxies,
                              bool recursive) {
  sys::Address found = peer;
  if (proxies.empty() || !exchange.request.fields.Has(http::HeaderId::kXForwardedFor)) return found;
  std::vector<std::string_view> values;
  for (const http::Field& field : exchange.request.fields) {
    if (field.id == http::HeaderId::kXForwardedFor) values.push_back(field.value);
  }
  for (; !values.empty(); values.pop_back()) {
    std::string_view rest = values.back();
    do {
      if (!IsProxy(found, proxies)) return found;
      const std::optional<sys::Address> before = ParseForwarded(TakeLast(rest));
      if (!before) return found;
      found = *before;
      if (!recursive) return found;
    } while (!rest.empty());
  }
  return found;
}

}  // namespace colmeia::pipeline
