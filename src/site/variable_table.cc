#include "site/variable_table.h"

#include <algorithm>
#include <utility>

namespace colmeia::site {
namespace {

// A member of a family, of which nginx has the value where `set` gave it none.
struct Member {
  Getter get = nullptr;
  std::string suffix;
};

std::optional<std::string_view> ComputeMember(pipeline::Exchange& exchange, const OwnVariable& variable) {
  const auto& member = *static_cast<const Member*>(variable.data.get());
  return member.get(exchange, member.suffix);
}

}  // namespace

bool IsReserved(std::string_view name, std::span<const Variable> variables) {
  return std::any_of(variables.begin(), variables.end(), [name](const Variable& variable) {
    return !variable.prefix && variable.assign == nullptr && util::EqualsIgnoreCase(variable.name, name);
  });
}

const OwnVariable* VariableTable::Find(std::string_view name) const {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : at->second;
}

OwnVariable& VariableTable::Add(std::string_view name) {
  std::string lower = util::Lowercase(name);
  if (const auto at = by_name_.find(lower); at != by_name_.end()) return *at->second;
  OwnVariable& made = *all_.emplace_back(std::make_unique<OwnVariable>());
  made.name = std::move(lower);
  made.slot = static_cast<std::uint32_t>(all_.size() - 1);
  for (const Variable& family : built_in_) {
    if (!family.prefix || !made.name.starts_with(family.name) || made.name.size() == family.name.size()) continue;
    made.compute = ComputeMember;
    made.data = std::make_shared<const Member>(Member{family.get, made.name.substr(family.name.size())});
    made.keep = OwnVariable::Keep::kNot;
  }
  by_name_.emplace(made.name, &made);
  return made;
}

OwnVariable& VariableTable::AddGroup(std::string_view name) {
  OwnVariable& group = Add(name);
  group.is_group = true;
  return group;
}

std::vector<std::unique_ptr<OwnVariable>> VariableTable::Finish() {
  by_name_.clear();
  return std::exchange(all_, {});
}

}  // namespace colmeia::site
