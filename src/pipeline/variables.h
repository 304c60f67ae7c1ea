// Variables: the table behind $uri, $host, $request_time and the rest, those of every request that need no module.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "site/module.h"

namespace colmeia::pipeline {

// The module that brings them. It has no directives.
extern const site::Module kVariables;

// The reference's section on variables, in Markdown: one entry per variable, and the groups of expressions.
[[nodiscard]] std::string VariablesReference(std::span<const site::Variable> variables);

// The argument of that name in a query string, whatever its case: nginx's $arg_NAME. Nothing when there is none; of
// several it is the first. The view points into `args`.
[[nodiscard]] std::optional<std::string_view> FindArgument(std::string_view args, std::string_view name);

}  // namespace colmeia::pipeline
