// Memory of a zone for tests: shared with the children that a test forks, and zero at first.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "util/check.h"
#include "zone/table.h"

namespace colmeia::zone {

class Memory {
 public:
  explicit Memory(const TableGeometry& geometry) : geometry_(geometry) {
    data_ =
        mmap(nullptr, geometry.total_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(data_ != MAP_FAILED);
    Table::Format(common(), geometry, {0x0123456789abcdef, 0xfedcba9876543210});
  }
  ~Memory() { munmap(data_, geometry_.total_size()); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  [[nodiscard]] std::span<std::byte> common() const {
    return {static_cast<std::byte*>(data_), geometry_.common_size()};
  }
  [[nodiscard]] Table table() const { return Table::Attach(common(), geometry_); }
  [[nodiscard]] std::span<ShareCell> share(std::uint32_t holder) const {
    auto* const at = static_cast<std::byte*>(data_) + geometry_.ShareAt(holder);
    return {reinterpret_cast<ShareCell*>(at), geometry_.slots()};
  }

 private:
  const TableGeometry geometry_;
  void* data_ = nullptr;
};

// Who gives back.
inline constexpr std::uint32_t kMaster = kHolders;

// Anything of plain type, shared with children.
template <class T>
class Shared {
 public:
  Shared() {
    void* const data = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(data != MAP_FAILED);
    value_ = new (data) T{};
  }
  ~Shared() { munmap(value_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  T& operator*() const { return *value_; }
  T* operator->() const { return value_; }

 private:
  T* value_;
};

}  // namespace colmeia::zone
