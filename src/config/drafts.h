// DraftSet: what the directives of one block said, one Draft struct per module.
//
// A Draft has an optional member per setting, empty where the block is silent. Which module a Draft belongs to is known
// here by index only, so that config/ knows no module.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "util/check.h"

namespace colmeia::config {

// Its address names the type D, without RTTI.
template <class D>
inline constexpr char kDraftTag = 0;

// How to make and destroy a module's Draft. A module without settings has an empty one.
struct DraftType {
  const void* tag = nullptr;
  void* (*make)() = nullptr;
  void (*destroy)(void*) noexcept = nullptr;
};

template <class D>
[[nodiscard]] constexpr DraftType DraftOf() {
  return {&kDraftTag<D>, []() -> void* { return new D(); },
          [](void* draft) noexcept { delete static_cast<D*>(draft); }};
}

class DraftSet {
 public:
  // One place per module, in the registry's order. Drafts are made when first written to.
  explicit DraftSet(std::vector<DraftType> types);

  // REQUIRES: D is the Draft of that module.
  template <class D>
  [[nodiscard]] D& Get(std::size_t module) {
    CHECK(module < types_.size() && types_[module].tag == &kDraftTag<D>);
    return *static_cast<D*>(GetRaw(module));
  }

  // Null when no directive of the module stood in this block: then the outer settings can be shared.
  template <class D>
  [[nodiscard]] const D* Find(std::size_t module) const {
    CHECK(module < types_.size() && types_[module].tag == &kDraftTag<D>);
    return static_cast<const D*>(FindRaw(module));
  }

  // The same without the type: null for a module without a Draft.
  [[nodiscard]] void* GetRaw(std::size_t module);
  [[nodiscard]] const void* FindRaw(std::size_t module) const { return drafts_[module].get(); }

 private:
  using Owner = std::unique_ptr<void, void (*)(void*) noexcept>;

  std::vector<DraftType> types_;
  std::vector<Owner> drafts_;
};

}  // namespace colmeia::config
