// What a zone's memory looks like: memory with a name that all workers write, for limits that hold for all of them.
//
//   TableHeader      what this is, and the key of its hash
//   Entry[0]     a bucket is eight slots, two lines of the cache; every hash has two buckets where its slot may be
//   ...
//   Hand[0]     of each holder, what it is changing just now (a zone of counts only)
//   ...
//   HolderShare[0]    for each slot of the table, what this holder has of its count (a zone of counts only)
//   HolderShare[1]    ...
//
// The table and the hands are everybody's; of the shares a process maps its own and no other. Memory that nobody has
// touched costs nothing, so there may be shares for many more holders than there ever are.
//
// A holder is one process that counts, by a number that no other living process has: of a worker its slot, and for a
// new binary that takes over the numbers behind those.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace colmeia::zone {

inline constexpr std::uint32_t kZoneMagic = 0x6e7a6c63;  // the bytes "clzn"
inline constexpr std::uint32_t kZoneVersion = 2;         // of this layout; bump at any change

using HolderShare = std::atomic<std::uint64_t>;
using ShareCell = std::atomic<std::uint16_t>;
static_assert(HolderShare::is_always_lock_free && sizeof(HolderShare) == 8, "a cell is shared between processes");
static_assert(ShareCell::is_always_lock_free && sizeof(ShareCell) == 2, "a cell is shared between processes");

// What a zone is for, and so what the words of its slots mean.
enum class ZoneKind : std::uint8_t {
  kRates = 1,   // limit_req_zone: zone/rate_table.h
  kCounts = 2,  // limit_conn_zone: zone/count_table.h
};
[[nodiscard]] constexpr bool IsKnown(ZoneKind kind) { return kind == ZoneKind::kRates || kind == ZoneKind::kCounts; }
// The directive that makes one.
[[nodiscard]] constexpr std::string_view KindName(ZoneKind kind) {
  return kind == ZoneKind::kRates ? "limit_req_zone" : "limit_conn_zone";
}

struct alignas(128) TableHeader {
  HolderShare magic;
  HolderShare version;
  HolderShare kind;
  HolderShare size;     // of the table, in bytes
  HolderShare key[2];   // of zone/hash.h, chosen at random
  HolderShare refused;  // requests that found no room for their key
};

struct Entry {
  HolderShare hash;   // of the key that it is for; without meaning while the state is vacant
  HolderShare state;  // see zone/table.h
};

inline constexpr std::size_t kSlotsPerBucket = 8;
inline constexpr std::size_t kBucketSize = kSlotsPerBucket * sizeof(Entry);

// A change of a count that is under way, so that it can be told from outside whether it took place (zone/count_table.h).
struct alignas(64) Hand {
  HolderShare sequence;      // of this holder's latest change; only grows
  HolderShare change;        // which slot and which way; 0 = nothing is under way
  HolderShare before;        // its share of that slot before the change
  HolderShare acknowledged;  // the highest sequence number that others have seen done
};

// Holders that a worker can be: the slots of two masters' scoreboards, since one may take over from the other. Behind
// them come the masters, which give back what the dead had.
inline constexpr std::uint32_t kSides = 2;
inline constexpr std::uint32_t kHoldersPerSide = 1024;
inline constexpr std::uint32_t kHolders = kSides * kHoldersPerSide;
inline constexpr std::uint32_t kHands = kHolders + kSides;

// nginx wants eight pages.
inline constexpr std::size_t kLeastSize = std::size_t{8} * 4096;

// Where things lie. `size` is what the configuration says, `page_size` that of the machine.
struct TableGeometry {
  ZoneKind kind = ZoneKind::kRates;
  std::size_t size = 0;
  std::size_t page_size = 4096;

  [[nodiscard]] constexpr std::size_t buckets() const { return (size - sizeof(TableHeader)) / kBucketSize; }
  [[nodiscard]] constexpr std::size_t slots() const { return buckets() * kSlotsPerBucket; }
  [[nodiscard]] constexpr std::size_t HandsAt() const { return sizeof(TableHeader) + buckets() * kBucketSize; }
  // What every worker maps, from the beginning on.
  [[nodiscard]] constexpr std::size_t common_size() const {
    return Paged(HandsAt() + (kind == ZoneKind::kCounts ? kHands * sizeof(Hand) : 0));
  }
  [[nodiscard]] constexpr std::size_t share_size() const {
    return kind == ZoneKind::kCounts ? Paged(slots() * sizeof(ShareCell)) : 0;
  }
  [[nodiscard]] constexpr std::size_t ShareAt(std::uint32_t holder) const {
    return common_size() + holder * share_size();
  }
  [[nodiscard]] constexpr std::size_t total_size() const { return ShareAt(kHolders); }

 private:
  [[nodiscard]] constexpr std::size_t Paged(std::size_t bytes) const {
    return (bytes + page_size - 1) / page_size * page_size;
  }
};

}  // namespace colmeia::zone
