// The variables that a configuration makes, found before any block is built: their names are known everywhere, also in
// lines before the one that makes them.
#pragma once

#include <span>

#include "config/registry.h"
#include "config/tree.h"
#include "site/variable_table.h"

namespace colmeia::site {

// Adds to `table` what the rows of the directives say that they make (config::Makes, config::Patterns), and nothing
// that has the name of a built-in variable.
void CollectVariables(std::span<const config::Node> tree, const config::Registry& registry, VariableNames names);

}  // namespace colmeia::site
