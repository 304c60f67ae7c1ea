#include "site/declarations.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "site/regex.h"

namespace colmeia::site {
namespace {

using config::Makes;
using config::Node;
using config::Patterns;
using config::Word;

class Collector {
 public:
  Collector(const config::Registry& registry, VariableNames names) : registry_(registry), names_(names) {}

  void Collect(std::span<const Node> nodes, Patterns around) {
    for (const Node& node : nodes) {
      if (around == Patterns::kLines) AddGroups(node.name().text);
      Patterns inside = Patterns::kNone;
      // Behind a forgotten `;` a directive stands among the words of the one before.
      for (std::size_t i = 0; i < node.words.size(); ++i) {
        const auto rows = registry_.Find(node.words[i].text);
        if (rows.empty()) continue;
        const config::Directive& directive = *rows.front().directive;
        const std::span<const Word> arguments = std::span<const Word>(node.words).subspan(i + 1);
        if (directive.patterns == Patterns::kArguments) {
          for (const Word& word : arguments) AddGroups(word.text);
        }
        if (directive.patterns == Patterns::kLines) inside = Patterns::kLines;
        if (directive.makes != Makes::kNothing && !arguments.empty()) {
          Add(directive.makes == Makes::kFirst ? arguments.front().text : arguments.back().text);
        }
      }
      Collect(node.children, inside);
    }
  }

 private:
  void AddGroups(std::string_view pattern) {
    if (pattern.find("(?") == std::string_view::npos) return;
    // The modifier may stand at the expression, and so may the bracket that ends a condition.
    if (pattern.starts_with('~')) pattern.remove_prefix(pattern.starts_with("~*") ? 2 : 1);
    std::vector<std::string> groups = Regex::NamesIn(pattern);
    if (groups.empty() && pattern.ends_with(')')) groups = Regex::NamesIn(pattern.substr(0, pattern.size() - 1));
    for (const std::string& name : groups) names_.own->AddGroup(name);
  }

  void Add(std::string_view name) {
    if (name.size() < 2 || name.front() != '$') return;
    name.remove_prefix(1);
    const bool is_built_in = std::any_of(names_.built_in.begin(), names_.built_in.end(), [&](const Variable& variable) {
      return !variable.prefix && util::EqualsIgnoreCase(variable.name, name);
    });
    if (!is_built_in) names_.own->Add(name);
  }

  const config::Registry& registry_;
  VariableNames names_;
};

}  // namespace

void CollectVariables(std::span<const config::Node> tree, const config::Registry& registry, VariableNames names) {
  Collector(registry, names).Collect(tree, Patterns::kNone);
}

}  // namespace colmeia::site
