// SettingsSet: the resolved settings of all modules in one place of the configuration (main, http, a server, a
// location). Immutable once built, shared by every place that says nothing of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "util/check.h"

namespace colmeia::site {

// Where a module's settings stand in every SettingsSet. Given out once, in the order of the list of modules, when the
// process starts (ModuleList in module.h); the type itself is the key.
template <class Settings>
struct SettingsIndex {
  static inline std::size_t value = static_cast<std::size_t>(-1);
};

class SettingsSet {
 public:
  SettingsSet() = default;
  explicit SettingsSet(std::vector<std::shared_ptr<const void>> all, bool needs_body = false)
      : all_(std::move(all)), needs_body_(needs_body) {}

  template <class Settings>
  [[nodiscard]] const Settings& Get() const {
    return *static_cast<const Settings*>(all_[SettingsIndex<Settings>::value].get());
  }

  [[nodiscard]] const std::vector<std::shared_ptr<const void>>& all() const { return all_; }
  // A text in this place, or around it, names a variable that has no value before the request's body is collected.
  [[nodiscard]] bool needs_body() const { return needs_body_; }

 private:
  std::vector<std::shared_ptr<const void>> all_;
  bool needs_body_ = false;
};

}  // namespace colmeia::site
