#include "config/indentation.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "config/lexer.h"

namespace colmeia::config {
namespace {

// Where a token stands, as the eye sees it.
struct Position {
  std::string_view file;
  std::uint32_t line = 0;
  std::size_t indent = 0;    // of its line, in columns
  bool starts_line = false;  // nothing but blanks stands before it
};

Position PositionOf(const Source& source, Span span) {
  constexpr std::size_t kTab = 8;
  const Place place = source.Locate(span);
  Position out{place.file, place.line, 0, false};
  std::size_t i = 0;
  for (; i < place.line_text.size() && (place.line_text[i] == ' ' || place.line_text[i] == '\t'); ++i) {
    out.indent = place.line_text[i] == '\t' ? (out.indent / kTab + 1) * kTab : out.indent + 1;
  }
  out.starts_line = place.column == i + 1;
  return out;
}

// Calls `on_open` with the span of each block's words or, when it has none, of its brace; `on_close` with that of each
// `}`; and `on_directive` with the first word of each directive.
template <class OnDirective, class OnOpen, class OnClose>
void Walk(const Source& source, OnDirective on_directive, OnOpen on_open, OnClose on_close) {
  Lexer lexer(source.text());
  std::optional<Span> first;  // word of the directive that is being read
  Span last;
  for (Token token = lexer.Next(); token.kind != TokenKind::kEnd; token = lexer.Next()) {
    switch (token.kind) {
      case TokenKind::kWord:
        if (!first) on_directive(token.span);
        first = first.value_or(token.span);
        last = token.span;
        break;
      case TokenKind::kOpen:
        on_open(first ? Join(*first, last) : token.span);
        first.reset();
        break;
      case TokenKind::kClose:
        on_close(token.span);
        first.reset();
        break;
      case TokenKind::kSemicolon:
        first.reset();
        break;
      default:
        break;
    }
  }
}

// Walks over the tokens with a stack of the blocks that are open as the indentation has it. A block that something
// outside of it follows is a suspect; a `}` that then stands in its column clears it.
class Detective {
 public:
  explicit Detective(const Source& source) : source_(source) {}

  std::vector<Unclosed> Run() {
    Walk(
        source_, [&](Span word) { OnDirective(word); }, [&](Span opener) { Open(opener); },
        [&](Span brace) { OnClose(brace); });
    for (const Block& block : open_) suspects_.push_back({block, 0});
    std::vector<Unclosed> out;
    for (const Suspect& suspect : suspects_) out.push_back({suspect.block.opener, suspect.line});
    std::sort(out.begin(), out.end(),
              [](const Unclosed& a, const Unclosed& b) { return a.opener.offset < b.opener.offset; });
    return out;
  }

 private:
  struct Block {
    Span opener;
    Position at;
    std::optional<std::size_t> inside;  // the indentation of its first directive on a line of its own
  };
  struct Suspect {
    Block block;
    std::uint32_t line;
  };

  void Open(Span opener) { open_.push_back({opener, PositionOf(source_, opener), std::nullopt}); }

  // Whether the innermost block is written so that what stands in its own column is outside of it.
  [[nodiscard]] bool IsIndented() const {
    const Block& top = open_.back();
    if (top.inside) return *top.inside > top.at.indent;
    if (open_.size() < 2) return false;
    const Block& around = open_[open_.size() - 2];
    return around.at.file == top.at.file && around.inside == top.at.indent && top.at.indent > around.at.indent;
  }

  // Whether `at` stands behind the line that opened the innermost block, in the same file.
  [[nodiscard]] bool IsBelowTop(const Position& at) const {
    return !open_.empty() && open_.back().at.file.data() == at.file.data() && at.line > open_.back().at.line;
  }

  void SuspectTop(std::uint32_t line) {
    suspects_.push_back({open_.back(), line});
    open_.pop_back();
  }

  void OnDirective(Span word) {
    const Position at = PositionOf(source_, word);
    if (!at.starts_line) return;
    while (IsBelowTop(at) && at.indent <= open_.back().at.indent && IsIndented()) SuspectTop(at.line);
    if (IsBelowTop(at) && !open_.back().inside) open_.back().inside = at.indent;
  }

  void OnClose(Span brace) {
    const Position at = PositionOf(source_, brace);
    const std::size_t before = suspects_.size();
    if (at.starts_line) {
      while (IsBelowTop(at) && open_.back().at.indent > at.indent) SuspectTop(at.line);
      if (IsBelowTop(at) && open_.back().at.indent == at.indent) return open_.pop_back();
      if (Clear([&](const Suspect& suspect) { return suspect.block.at.indent == at.indent; })) return;
      // It stands in no block's column: it is that of the last block which it left behind, or of the innermost one.
      if (suspects_.size() > before) return suspects_.pop_back();
    }
    if (!open_.empty()) open_.pop_back();
  }

  // Takes the blame from the last suspect of this kind.
  template <class Wanted>
  bool Clear(Wanted wanted) {
    const auto found = std::find_if(suspects_.rbegin(), suspects_.rend(), wanted);
    if (found == suspects_.rend()) return false;
    suspects_.erase(std::next(found).base());
    return true;
  }

  const Source& source_;
  std::vector<Block> open_;
  std::vector<Suspect> suspects_;
};

}  // namespace

std::vector<Unclosed> UnclosedByIndentation(const Source& source, std::size_t count) {
  std::vector<Unclosed> found = Detective(source).Run();
  if (found.size() != count) found.clear();
  return found;
}

std::vector<Surplus> SurplusByIndentation(const Source& source) {
  // The braces alone: most texts have none too many.
  std::vector<Surplus> unopened;
  std::size_t depth = 0;
  Walk(
      source, [](Span) {}, [&](Span) { ++depth; },
      [&](Span brace) {
        if (depth > 0) {
          --depth;
        } else {
          unopened.push_back({brace, {}});
        }
      });
  if (unopened.empty()) return unopened;

  std::vector<Surplus> surplus;
  std::vector<Span> open;
  Walk(
      source, [](Span) {}, [&](Span opener) { open.push_back(opener); },
      [&](Span brace) {
        if (open.empty()) return surplus.push_back({brace, {}});
        const Position at = PositionOf(source, brace);
        const Position opener = PositionOf(source, open.back());
        const bool deeper = at.starts_line && at.file.data() == opener.file.data() && at.indent > opener.indent;
        if (deeper && opener.starts_line && at.line > opener.line) return surplus.push_back({brace, open.back()});
        open.pop_back();
      });
  return open.empty() && surplus.size() == unopened.size() ? surplus : unopened;
}

}  // namespace colmeia::config
