// Addresses of one `geo`: while its lines are read as networks or ranges, and then as sorted borders between values, in
// which an address is found by binary search.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "sys/network.h"

namespace colmeia::modules {

using Ipv4 = std::uint32_t;                 // in host order
using Ipv6 = std::array<std::uint64_t, 2>;  // the upper half first, each in host order

// Of 4 bytes in network order; and of 16.
[[nodiscard]] Ipv4 Ipv4Of(std::string_view bytes);
[[nodiscard]] Ipv6 Ipv6Of(std::string_view bytes);

// No value.
inline constexpr std::uint32_t kNoValue = 0xffffffff;

// From which address on which value holds.
template <class Ip>
class Borders {
 public:
  // REQUIRES: above all borders so far, or equal to the last one, whose value it replaces.
  void Add(Ip from, std::uint32_t value) {
    if (!from_.empty() && from_.back() == from) {
      from_.pop_back();
      values_.pop_back();
    }
    if (!values_.empty() && values_.back() == value) return;
    from_.push_back(from);
    values_.push_back(value);
  }

  [[nodiscard]] std::uint32_t Find(Ip address) const {
    const auto after = std::upper_bound(from_.begin(), from_.end(), address);
    return after == from_.begin() ? kNoValue : values_[static_cast<std::size_t>(after - from_.begin() - 1)];
  }
  [[nodiscard]] std::size_t size() const { return from_.size(); }

 private:
  std::vector<Ip> from_;
  std::vector<std::uint32_t> values_;
};

// Networks, of which the longest that holds an address counts.
class GeoNetworks {
 public:
  // The value that it had so far, when there is such a network already: it is replaced.
  std::optional<std::uint32_t> Add(const sys::Network& network, std::uint32_t value);
  // False when there is no such network.
  bool Delete(const sys::Network& network);

  [[nodiscard]] Borders<Ipv4> Ipv4Borders() const;
  [[nodiscard]] Borders<Ipv6> Ipv6Borders() const;

 private:
  std::map<sys::Network, std::uint32_t> networks_;  // a network stands before those inside of it
};

// Ranges of IPv4 addresses. As in nginx a range is kept in pieces, one for each 65536 addresses, and a later one may lie
// within a piece or be one, and not overlap it.
class GeoRanges {
 public:
  struct Range {
    Ipv4 first = 0;
    Ipv4 last = 0;
  };
  enum class Added : std::uint8_t {
    kYes,
    kReplaced,  // the whole of a piece, which had `other` as its value
    kOverlaps,  // the piece `range`: nothing more is added
  };
  struct Result {
    Added added = Added::kYes;
    std::uint32_t other = kNoValue;
    Range range{};
  };

  // The last one of the pieces that is no kYes decides.
  Result Add(Range range, std::uint32_t value);
  // False when one of its pieces is not there.
  bool Delete(Range range);

  [[nodiscard]] Borders<Ipv4> Ipv4Borders() const;

 private:
  struct Piece {
    Ipv4 last = 0;
    std::uint32_t value = 0;
  };
  Result AddPiece(Range piece, std::uint32_t value);

  std::map<Ipv4, Piece> pieces_;  // by the first address
};

}  // namespace colmeia::modules
