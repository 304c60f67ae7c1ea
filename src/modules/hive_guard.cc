#include "modules/hive_guard.h"

#include <string_view>

#include <fmt/core.h>

#include "site/access_settings.h"
#include "site/site.h"
#include "sys/address.h"
#include "util/escape.h"

namespace colmeia::modules {
namespace {

bool IsLoopback(const sys::Address& address) {
  static constexpr std::string_view kOne("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
  const std::string_view bytes = address.PlainHostBytes();
  return bytes == kOne || (bytes.size() == 4 && bytes.front() == '\x7f');
}

bool IsOurs(std::string_view host, const site::Server* server) {
  static constexpr std::string_view kLocal = "localhost";
  if (server != nullptr && server->IsCalled(host)) return true;
  if (host.ends_with('.')) host.remove_suffix(1);
  // Resolvers and browsers keep everything below localhost on this machine (RFC 6761 6.3).
  if (host == kLocal || (host.ends_with(kLocal) && host[host.size() - kLocal.size() - 1] == '.')) return true;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto address = sys::Address::FromIp(host, 0);
  return address && IsLoopback(*address);
}

}  // namespace

std::string WhyHidden(const pipeline::Exchange& exchange) {
  if (exchange.location != nullptr && exchange.location->settings.Get<site::AccessSettings>().HasAllow()) return {};
  const sys::Address& peer = *exchange.connection->peer;
  if (peer.family() == AF_UNIX) return {};
  if (!IsLoopback(peer)) {
    return "\"hive\" answers clients of this machine only, unless an \"allow\" says who else may come in";
  }
  const std::string_view host = exchange.request.host;
  if (host.empty() || IsOurs(host, exchange.server)) return {};
  return fmt::format(
      "\"hive\" does not answer to the host \"{}\": name it with \"server_name\", or say who may come in with "
      "\"allow\"",
      util::Escaped(util::EscapeFor::kQuoted, host));
}

}  // namespace colmeia::modules
