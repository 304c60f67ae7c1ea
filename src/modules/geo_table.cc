#include "modules/geo_table.h"

#include <limits>

namespace colmeia::modules {
namespace {

std::uint64_t BigEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

// All bits behind the first `bits` of `size` are set.
std::uint64_t Mask(unsigned bits, unsigned size) {
  return bits >= size ? 0 : std::numeric_limits<std::uint64_t>::max() >> (64 - size + bits);
}

Ipv4 FirstOf(const sys::Network& network, Ipv4) { return Ipv4Of(network.bytes); }
Ipv6 FirstOf(const sys::Network& network, Ipv6) { return Ipv6Of(network.bytes); }

Ipv4 LastOf(const sys::Network& network, Ipv4 first) { return first | static_cast<Ipv4>(Mask(network.bits, 32)); }
Ipv6 LastOf(const sys::Network& network, Ipv6 first) {
  return {first[0] | Mask(network.bits, 64), first[1] | Mask(network.bits < 64 ? 0 : network.bits - 64, 64)};
}

// The address behind; nothing behind the very last one.
std::optional<Ipv4> Next(Ipv4 address) {
  return address == std::numeric_limits<Ipv4>::max() ? std::nullopt : std::optional(address + 1);
}
std::optional<Ipv6> Next(Ipv6 address) {
  if (++address[1] != 0) return address;
  return ++address[0] != 0 ? std::optional(address) : std::nullopt;
}

template <class Ip>
Borders<Ip> BordersOf(const std::map<sys::Network, std::uint32_t>& networks) {
  struct Open {
    Ip last;
    std::uint32_t value;
  };
  Borders<Ip> borders;
  std::vector<Open> open;  // each within the one before
  const auto close = [&] {
    const std::optional<Ip> behind = Next(open.back().last);
    open.pop_back();
    if (behind) borders.Add(*behind, open.empty() ? kNoValue : open.back().value);
  };
  for (const auto& [network, value] : networks) {
    if (network.bytes.size() != sizeof(Ip)) continue;
    const Ip first = FirstOf(network, Ip{});
    while (!open.empty() && open.back().last < first) close();
    borders.Add(first, value);
    open.push_back({LastOf(network, first), value});
  }
  while (!open.empty()) close();
  return borders;
}

// Calls `visit` with the part of the range in each 65536 addresses.
template <class Visit>
void ForEachPiece(GeoRanges::Range range, Visit visit) {
  for (Ipv4 first = range.first;;) {
    const Ipv4 last = std::min(range.last, first | 0xffffU);
    visit(GeoRanges::Range{first, last});
    if (last == range.last) return;
    first = last + 1;
  }
}

}  // namespace

Ipv4 Ipv4Of(std::string_view bytes) { return static_cast<Ipv4>(BigEndian(bytes)); }

Ipv6 Ipv6Of(std::string_view bytes) { return {BigEndian(bytes.substr(0, 8)), BigEndian(bytes.substr(8))}; }

std::optional<std::uint32_t> GeoNetworks::Add(const sys::Network& network, std::uint32_t value) {
  const auto [at, is_new] = networks_.emplace(network, value);
  return is_new ? std::nullopt : std::optional(std::exchange(at->second, value));
}

bool GeoNetworks::Delete(const sys::Network& network) { return networks_.erase(network) != 0; }

Borders<Ipv4> GeoNetworks::Ipv4Borders() const { return BordersOf<Ipv4>(networks_); }

Borders<Ipv6> GeoNetworks::Ipv6Borders() const { return BordersOf<Ipv6>(networks_); }

GeoRanges::Result GeoRanges::Add(Range range, std::uint32_t value) {
  Result result;
  ForEachPiece(range, [&](Range piece) {
    if (result.added == Added::kOverlaps) return;
    if (const Result one = AddPiece(piece, value); one.added != Added::kYes) result = one;
  });
  return result;
}

GeoRanges::Result GeoRanges::AddPiece(Range piece, std::uint32_t value) {
  // The last one that begins within the new piece, or before it.
  auto other = pieces_.upper_bound(piece.last);
  if (other == pieces_.begin() || (--other)->second.last < piece.first) {
    pieces_.emplace(piece.first, Piece{piece.last, value});
    return {};
  }
  const Ipv4 first = other->first;
  const Piece old = other->second;
  if (first == piece.first && old.last == piece.last) {
    other->second.value = value;
    return {Added::kReplaced, old.value, piece};
  }
  if (piece.first < first || piece.last > old.last) return {Added::kOverlaps, old.value, {first, old.last}};
  // It is cut out of the other one.
  pieces_.erase(other);
  if (first < piece.first) pieces_.emplace(first, Piece{piece.first - 1, old.value});
  pieces_.emplace(piece.first, Piece{piece.last, value});
  if (piece.last < old.last) pieces_.emplace(piece.last + 1, old);
  return {};
}

bool GeoRanges::Delete(Range range) {
  bool complete = true;
  ForEachPiece(range, [&](Range piece) {
    const auto at = pieces_.find(piece.first);
    if (at != pieces_.end() && at->second.last == piece.last) {
      pieces_.erase(at);
    } else {
      complete = false;
    }
  });
  return complete;
}

Borders<Ipv4> GeoRanges::Ipv4Borders() const {
  Borders<Ipv4> borders;
  for (const auto& [first, piece] : pieces_) {
    borders.Add(first, piece.value);
    if (const std::optional<Ipv4> behind = Next(piece.last)) borders.Add(*behind, kNoValue);
  }
  return borders;
}

}  // namespace colmeia::modules
