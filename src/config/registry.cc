#include "config/registry.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/invisible.h"
#include "config/setters.h"
#include "config/unsupported.h"
#include "util/check.h"
#include "util/strings.h"

namespace colmeia::config {

namespace {

// Its setter is never called: config/load.h has expanded every use that is written rightly.
constexpr Directive kInclude[] = {{"include", kAnywhere, Args(1), SetNothing, "file | mask", "",
                                   "Reads other files in its place, in every block; relative paths start at the folder "
                                   "of the main configuration file, the matches of a mask are taken in sorted order."}};

}  // namespace

const Directive& IncludeDirective() { return kInclude[0]; }

Registry::Registry(std::vector<ModuleRows> modules) : modules_(std::move(modules)) {
  const auto add = [this](const Directive& directive, std::size_t module) {
    std::vector<Row>& rows = rows_[directive.name];
    for (const Row& row : rows) {
      const auto both =
          static_cast<std::uint32_t>(row.directive->contexts) & static_cast<std::uint32_t>(directive.contexts);
      CHECK(both == 0);
    }
    if (rows.empty()) names_.push_back(directive.name);
    rows.push_back({&directive, module});
  };
  for (std::size_t module = 0; module < modules_.size(); ++module) {
    for (const Directive& directive : modules_[module].directives) {
      CHECK(directive.setter.apply != nullptr || directive.form == Form::kBlock);
      CHECK(directive.setter.draft_tag == nullptr || directive.setter.draft_tag == modules_[module].draft.tag);
      add(directive, module);
    }
  }
  add(IncludeDirective(), modules_.size());
  std::sort(names_.begin(), names_.end());
}

std::span<const Registry::Row> Registry::Find(std::string_view name) const {
  const auto found = rows_.find(name);
  if (found == rows_.end()) return {};
  return found->second;
}

const Registry::Row* Registry::Find(std::string_view name, In context) const {
  for (const Row& row : Find(name)) {
    if (Contains(row.directive->contexts, context)) return &row;
  }
  return nullptr;
}

std::string Registry::Unknown(std::string_view name) const {
  if (const Unsupported* const unsupported = FindUnsupported(name)) return Quoted(name) + " " + FactOf(*unsupported);
  if (const Unsupported* const family = FindUnsupportedFamily(name)) {
    // Where a module of that family is compiled in, the name is rather a slip of the pen. A name of it that is only
    // accepted says nothing of that kind.
    const std::string_view prefix = family->name.substr(0, family->name.size() - 1);
    const bool have = std::any_of(names_.begin(), names_.end(), [&](std::string_view known) {
      return known.starts_with(prefix) && Find(known).front().directive->setter.apply != SetIgnored.apply;
    });
    if (!have) return Quoted(name) + " " + FactOf(*family);
  }
  std::string message = Quoted(name) + " is not a directive";
  if (const auto unseen = FindInvisible(name)) {
    return fmt::format("{}: the invisible character {} is part of it", message, unseen->ToString());
  }
  if (const std::string_view meant = util::Closest(name, names_); !meant.empty()) {
    message += fmt::format("; did you mean \"{}\"?", meant);
  }
  return message;
}

DraftSet Registry::NewDrafts() const {
  std::vector<DraftType> types;
  for (const ModuleRows& module : modules_) types.push_back(module.draft);
  return DraftSet(std::move(types));
}

}  // namespace colmeia::config
