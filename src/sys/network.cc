#include "sys/network.h"

#include <algorithm>

#include "sys/address.h"
#include "util/strings.h"

namespace colmeia::sys {
namespace {

// Zeroes all but the first `bits` bits; true when that changed something.
bool ClearHostBits(std::string& address, unsigned bits) {
  bool changed = false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    const auto kept = static_cast<unsigned>(std::clamp<int>(static_cast<int>(bits) - static_cast<int>(i * 8), 0, 8));
    const auto byte = static_cast<unsigned char>(address[i]);
    const auto cleared = static_cast<unsigned char>(byte & (0xff00U >> kept));
    changed = changed || cleared != byte;
    address[i] = static_cast<char>(cleared);
  }
  return changed;
}

}  // namespace

bool Network::Contains(std::string_view address) const {
  const std::size_t whole = bits / 8;
  if (address.size() != bytes.size() || address.substr(0, whole) != std::string_view(bytes).substr(0, whole)) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<unsigned char>(0xff00U >> bits % 8);
  return ((static_cast<unsigned char>(address[whole]) ^ static_cast<unsigned char>(bytes[whole])) & mask) == 0;
}

std::optional<ParsedNetwork> ParseNetwork(std::string_view text, NetworkFault& fault) {
  const std::size_t slash = text.find('/');
  const auto address = Address::FromIp(text.substr(0, slash), 0);
  if (!address) {
    fault = NetworkFault::kAddress;
    return std::nullopt;
  }
  ParsedNetwork out;
  out.network.bytes = std::string(address->HostBytes());
  const auto most = static_cast<unsigned>(out.network.bytes.size() * 8);
  out.network.bits = most;
  if (slash != std::string_view::npos) {
    const auto bits = util::ParseNumber<unsigned>(text.substr(slash + 1));
    if (!bits || *bits > most) {
      fault = NetworkFault::kLength;
      return std::nullopt;
    }
    out.network.bits = *bits;
  }
  out.had_host_bits = ClearHostBits(out.network.bytes, out.network.bits);
  return out;
}

}  // namespace colmeia::sys
