#include "config/effective.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "config/diagnostic.h"
#include "config/directive.h"
#include "config/tree.h"

namespace colmeia::config {
namespace {

constexpr std::size_t kIndent = 4;
constexpr std::size_t kOriginColumn = 64;

// The blocks whose defaults are shown. In servers and locations what is not written comes from outside.
struct BlockRow {
  std::string_view name;
  In context;
};
constexpr BlockRow kBlocks[] = {{"events", In::kEvents}, {"http", In::kHttp}};

class Page {
 public:
  Page(const Source& source, const Registry& registry) : source_(source), registry_(registry) {}

  void Block(const std::vector<Node>& nodes, In context, std::size_t depth) {
    for (const Node& node : nodes) Directive(node, context, depth);
    if (context != In::kNowhere) Defaults(nodes, context, depth);
  }

  [[nodiscard]] std::string Text() const { return {out_.data(), out_.size()}; }

 private:
  void Directive(const Node& node, In context, std::size_t depth) {
    // As it was written, quotes and all; a line feed within the words would tear the comment from its directive.
    std::string text;
    for (const Word& word : node.words) {
      if (!text.empty()) text += ' ';
      text += source_.text().substr(word.span.offset, word.span.length);
    }
    Line(depth, text + (node.block ? " {" : ";"), source_.Locate(node.span()).ToString());
    if (!node.block) return;
    const auto* const row = std::find_if(std::begin(kBlocks), std::end(kBlocks),
                                         [&](const BlockRow& block) { return block.name == node.name().text; });
    Block(node.children, context == In::kMain && row != std::end(kBlocks) ? row->context : In::kNowhere, depth + 1);
    Line(depth, "}", "");
  }

  void Defaults(const std::vector<Node>& nodes, In context, std::size_t depth) {
    for (const ModuleRows& module : registry_.modules()) {
      for (const config::Directive& row : module.directives) {
        const bool written =
            std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) { return node.name().text == row.name; });
        if (written || !Contains(row.contexts, context) || row.form != Form::kSimple || row.default_value.empty()) {
          continue;
        }
        // What may stand in main too got its default there.
        if (context == In::kHttp && Contains(row.contexts, In::kMain)) continue;
        Line(depth, fmt::format("{} {};", row.name, row.default_value), "default");
      }
    }
  }

  void Line(std::size_t depth, std::string_view text, std::string_view origin) {
    const std::size_t indent = depth * kIndent;
    auto out = std::back_inserter(out_);
    if (origin.empty()) {
      fmt::format_to(out, "{:{}}{}\n", "", indent, text);
    } else {
      fmt::format_to(out, "{:{}}{:<{}} # {}\n", "", indent, text, kOriginColumn - std::min(indent, kOriginColumn),
                     origin);
    }
  }

  const Source& source_;
  const Registry& registry_;
  fmt::memory_buffer out_;
};

}  // namespace

std::string Effective(const Source& source, const Registry& registry) {
  Diagnostics ignored;
  Page page(source, registry);
  page.Block(ParseTree(source, ignored), In::kMain, 0);
  return page.Text();
}

}  // namespace colmeia::config
