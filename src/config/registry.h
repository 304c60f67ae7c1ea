// Registry: all directives of all modules, by name.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/directive.h"
#include "config/drafts.h"

namespace colmeia::config {

// What config/ needs to know of a module. Its rows and names must outlive the registry; they are constants.
struct ModuleRows {
  std::string_view name;
  std::span<const Directive> directives;
  DraftType draft;
};

class Registry {
 public:
  struct Row {
    const Directive* directive = nullptr;
    std::size_t module = 0;  // index into modules()
  };

  // A module's index is its place in `modules`. Aborts when a row's setter writes to another Draft than its module's,
  // when a simple row has no setter, or when two rows of one name claim the same context: bugs of ours.
  // `include` need not be listed: config/load.h expands it, and the registry knows its row by itself.
  explicit Registry(std::vector<ModuleRows> modules);

  [[nodiscard]] const std::vector<ModuleRows>& modules() const { return modules_; }
  // The rows of one name; a name may mean different things in different contexts. Empty when unknown.
  [[nodiscard]] std::span<const Row> Find(std::string_view name) const;
  // The row of that name that may stand in that context, or null.
  [[nodiscard]] const Row* Find(std::string_view name, In context) const;
  // Why `name` is not a directive: the nginx module it would belong to, or the name that was probably meant.
  [[nodiscard]] std::string Unknown(std::string_view name) const;
  // Each name once, sorted.
  [[nodiscard]] const std::vector<std::string_view>& names() const { return names_; }

  // An empty set of Drafts, for one block.
  [[nodiscard]] DraftSet NewDrafts() const;

 private:
  std::vector<ModuleRows> modules_;
  std::unordered_map<std::string_view, std::vector<Row>> rows_;
  std::vector<std::string_view> names_;
};

// The row of `include`.
[[nodiscard]] const Directive& IncludeDirective();

}  // namespace colmeia::config
