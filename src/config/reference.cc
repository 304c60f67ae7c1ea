#include "config/reference.h"

#include <fmt/format.h>

namespace colmeia::config {

namespace {

// `|` would end a table's cell, so entries are lists.
std::string Entry(const Directive& directive) {
  std::string out = fmt::format("### {}\n\n{}\n\n- Syntax: `{}`\n", directive.name, directive.doc, SyntaxOf(directive));
  if (!directive.default_value.empty()) {
    out += fmt::format("- Default: `{} {};`\n", directive.name, directive.default_value);
  }
  out += fmt::format("- Context: {}\n", ContextNames(directive.contexts));
  if (directive.own) out += "- colmeia's own: nginx does not have it\n";
  return out + "\n";
}

}  // namespace

std::string Reference(const Registry& registry) {
  std::string out =
      "# Directives\n\n"
      "The language is nginx's, and so is the meaning of each directive here, except where it is marked as colmeia's "
      "own.\n"
      "This page is generated from the rows in the modules' sources; a test fails when it is stale.\n\n"
      "## Everywhere\n\n";
  out += Entry(IncludeDirective());
  for (const ModuleRows& module : registry.modules()) {
    if (module.directives.empty()) continue;
    out += fmt::format("## {}\n\n", module.name);
    for (const Directive& directive : module.directives) out += Entry(directive);
  }
  out.pop_back();  // one line feed at the end of the file
  return out;
}

}  // namespace colmeia::config
