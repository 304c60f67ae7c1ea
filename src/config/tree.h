// The tree of a configuration: directives as words, blocks with children. It knows no directive by name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/source.h"

namespace colmeia::config {

struct Word {
  std::string text;  // without quotes, escapes replaced
  Span span;         // with quotes
};

// One directive: `name args...;` or `name args... { children }`.
struct Node {
  std::vector<Word> words;  // never empty
  std::vector<Node> children;
  bool block = false;  // ended by { } and not by ;

  [[nodiscard]] const Word& name() const { return words.front(); }
  [[nodiscard]] std::span<const Word> args() const { return std::span<const Word>(words).subspan(1); }
  // From the name to the last argument.
  [[nodiscard]] Span span() const { return Join(words.front().span, words.back().span); }
};

// Blocks deeper than this are refused.
inline constexpr int kMaxDepth = 64;

// The main context's directives. After a mistake it goes on behind the next `;` or `}`, so that all mistakes are
// reported in one go; the tree then holds what was understood.
[[nodiscard]] std::vector<Node> ParseTree(const Source& source, Diagnostics& diagnostics);

// Whether the source is whole: no quote or block is left open, no block is closed that it did not open, the last
// directive is terminated. Only breaches of that are reported.
[[nodiscard]] bool IsWhole(const Source& source, Diagnostics& diagnostics);

}  // namespace colmeia::config
