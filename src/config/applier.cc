#include "config/applier.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace colmeia::config {

void Applier::Apply(std::span<const Node> nodes, In context, DraftSet& drafts, BlockHandler& handler) const {
  for (const Node& node : nodes) ApplyOne(node, nodes, context, drafts, handler);
}

void Applier::ApplyOne(const Node& node, std::span<const Node> siblings, In context, DraftSet& drafts,
                       BlockHandler& handler) const {
  const std::string& name = node.name().text;
  const auto error = [&](Span span, std::string message) {
    diagnostics_.Error(source_.Locate(span), std::move(message));
  };

  const std::span<const Registry::Row> rows = registry_.Find(name);
  if (rows.empty()) return error(node.name().span, registry_.Unknown(name));

  const Registry::Row* const row = registry_.Find(name, context);
  if (row == nullptr) {
    In allowed = In::kNowhere;
    for (const Registry::Row& each : rows) allowed = allowed | each.directive->contexts;
    return error(node.name().span, fmt::format("\"{}\" directive is not allowed here, in {}; it belongs in {}", name,
                                               ContextNames(context), ContextNames(allowed, " or ")));
  }

  const Directive& directive = *row->directive;
  const bool right_form = node.block == (directive.form == Form::kBlock);
  const bool right_count = directive.arity.Allows(node.args().size());
  if (!right_form || !right_count) {
    if (const std::size_t split = MissingSemicolon(node, context); split > 0) {
      const auto middle = node.words.begin() + static_cast<std::ptrdiff_t>(split);
      const Node first{{node.words.begin(), middle}, {}, false};
      const Node second{{middle, node.words.end()}, node.children, node.block};
      error(first.words.back().span, fmt::format("directive \"{}\" is not terminated by \";\"", name));
      ApplyOne(first, siblings, context, drafts, handler);
      ApplyOne(second, siblings, context, drafts, handler);
      return;
    }
  }
  if (!right_form) {
    return error(node.words.back().span, node.block ? fmt::format("directive \"{}\" is not terminated by \";\"", name)
                                                    : fmt::format("directive \"{}\" has no opening \"{{\"", name));
  }
  const Call call(node, siblings, directive, context, source_, diagnostics_);
  if (!right_count) return call.WrongArguments();

  if (directive.setter.apply != nullptr) {
    directive.setter.apply(directive.setter.draft_tag == nullptr ? nullptr : drafts.GetRaw(row->module), call);
  } else {
    handler.OnBlock(node, *row, context, drafts);
  }
}

std::size_t Applier::MissingSemicolon(const Node& node, In context) const {
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    const std::uint32_t end = node.words[i - 1].span.end();
    const std::string_view between = source_.text().substr(end, node.words[i].span.offset - end);
    const bool starts_line = between.find('\n') != std::string_view::npos;
    if (starts_line && registry_.Find(node.words[i].text, context) != nullptr) return i;
  }
  return 0;
}

}  // namespace colmeia::config
