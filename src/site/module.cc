#include "site/module.h"

namespace colmeia::site {
namespace {

std::vector<config::ModuleRows> RowsOf(const std::vector<const Module*>& modules) {
  std::vector<config::ModuleRows> rows;
  for (const Module* module : modules) rows.push_back({module->name, module->directives, module->draft});
  return rows;
}

}  // namespace

ModuleList::ModuleList(std::vector<const Module*> modules)
    : modules_(std::move(modules)), registry_(std::make_shared<const config::Registry>(RowsOf(modules_))) {
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    modules_[i]->set_index(i);
    const std::span<const Variable> variables = modules_[i]->hooks.variables;
    variables_.insert(variables_.end(), variables.begin(), variables.end());
  }
}

}  // namespace colmeia::site
