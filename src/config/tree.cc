#include "config/tree.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/indentation.h"
#include "config/invisible.h"
#include "config/lexer.h"

namespace colmeia::config {

namespace {

// Which mistakes are said.
enum class Report {
  kAll,         // each
  kUnwholeness  // those that reach beyond the end or the beginning of the text
};

// "is a ; missing after line 4?": when what follows stands on a later line than the word before it.
std::string MissingSemicolonHint(const Source& source, Span word, Span next) {
  const std::string_view between = source.text().substr(word.end(), next.offset - word.end());
  if (between.find('\n') == std::string_view::npos && next.length > 0) return {};
  const Place end = source.Locate({word.end() - 1, 1});
  return end.file == kCommandLine ? std::string() : fmt::format(": is a ; missing after line {}?", end.line);
}

// Whether what follows the `{` or `;` that stands at the end of a word cannot be meant otherwise than as a part of that
// word: "{2,}" everywhere; behind a regular expression's beginning also "{Lu}" and what follows a `;` at once.
bool GoesOn(std::string_view text, Span mark, bool in_regex) {
  const std::string_view behind = text.substr(mark.end());
  if (text[mark.offset] == '{') {
    const std::size_t end = behind.find_first_not_of("0123456789,");
    if (end > 0 && end < behind.size() && behind[end] == '}') return true;
    const std::size_t stop = behind.find_first_of(" \t\r\n;{}\"'#");
    return in_regex && stop != 0 && stop != std::string_view::npos && behind[stop] == '}';
  }
  return in_regex && !behind.empty() && std::string_view(" \t\r\n;{}\"'#").find(behind[0]) == std::string_view::npos;
}

class Parser {
 public:
  Parser(const Source& source, Report report, Diagnostics& diagnostics)
      : source_(source),
        report_(report),
        diagnostics_(diagnostics),
        lexer_(source.text()),
        surplus_(SurplusByIndentation(source)) {}

  // The directives up to the `}` that closes the block, or to the end of the text. `opened_by` is null outside of
  // blocks.
  std::vector<Node> Block(const Node* opened_by, int depth) {
    std::vector<Node> nodes;
    Node node;             // its words so far
    bool damaged = false;  // a mistake was reported among its words: not worth another look
    for (;;) {
      Token token = lexer_.Next();
      if (IsCutRegex(token, node)) {
        JoinRegex(token.span, node);
        continue;
      }
      switch (token.kind) {
        case TokenKind::kWord:
          WarnOfInvisible(token, node);
          node.words.push_back({std::move(token.text), token.span});
          break;
        case TokenKind::kError:
          Mistake(token.span, std::move(token.text));
          damaged = true;
          break;
        case TokenKind::kUnclosedQuote:
          Unwhole(token.span, std::move(token.text));
          lost_ = true;
          break;
        case TokenKind::kSemicolon:
          if (node.words.empty()) {
            Mistake(token.span, "unexpected \";\"");
          } else if (!damaged) {
            nodes.push_back(std::move(node));
          }
          node = {};
          damaged = false;
          break;
        case TokenKind::kOpen:
          OpenBlock(std::exchange(node, {}), token.span, depth, nodes);
          damaged = false;
          break;
        case TokenKind::kClose:
          if (!node.words.empty()) {
            Mistake(node.words.back().span, Unterminated(node, token.span));
            if (!damaged) nodes.push_back(std::move(node));
          }
          if (opened_by != nullptr && !IsSurplus(token.span)) return nodes;
          if (opened_by == nullptr) Unwhole(token.span, "unexpected \"}\"");
          node = {};
          damaged = false;
          break;
        case TokenKind::kEnd:
          if (lost_) return nodes;
          if (!node.words.empty()) {
            Unwhole(node.words.back().span, Unterminated(node, token.span));
            if (!damaged) nodes.push_back(std::move(node));
          }
          if (opened_by != nullptr) unclosed_.push_back(opened_by->span());
          return nodes;
      }
    }
  }

  // Once, behind the text: tells which blocks are never closed.
  void Finish() {
    if (unclosed_.empty()) return;
    std::vector<Unclosed> unclosed = UnclosedByIndentation(source_, unclosed_.size());
    if (unclosed.empty()) {
      for (const Span& opener : unclosed_) unclosed.push_back({opener, 0});
    }
    for (const Unclosed& block : unclosed) {
      const Token name = Lexer(source_.text().substr(block.opener.offset, block.opener.length)).Next();
      std::string message = fmt::format("block {} is never closed: unexpected end of file, expecting \"}}\"",
                                        Quoted(name.kind == TokenKind::kWord ? name.text : "{"));
      if (block.line > 0) message += fmt::format("; by the indentation it is missing before line {}", block.line);
      Unwhole(block.opener, std::move(message));
    }
  }

  [[nodiscard]] bool whole() const { return whole_; }

 private:
  // Of a directive's name its error tells. What stands in quotes is meant.
  void WarnOfInvisible(const Token& token, const Node& node) {
    const char first = source_.text()[token.span.offset];
    if (report_ != Report::kAll || node.words.empty() || first == '"' || first == '\'') return;
    const std::string_view raw = source_.text().substr(token.span.offset, token.span.length);
    if (const auto unseen = FindInvisible(raw)) {
      const Span place{token.span.offset + static_cast<std::uint32_t>(unseen->offset),
                       static_cast<std::uint32_t>(unseen->size)};
      diagnostics_.Warn(source_.Locate(place), fmt::format("the invisible character {} is part of the word {}",
                                                           unseen->ToString(), Quoted(token.text)));
    }
  }

  // Whether an expression without quotes was cut here: by a `{` or a `;` that stands at its last character.
  [[nodiscard]] bool IsCutRegex(const Token& token, const Node& node) const {
    if (token.kind != TokenKind::kOpen && token.kind != TokenKind::kSemicolon) return false;
    if (node.words.size() < 2 || node.words.back().span.end() != token.span.offset) return false;
    const std::string_view text = source_.text();
    const Word& last = node.words.back();
    if (text[last.span.offset] == '"' || text[last.span.offset] == '\'') return false;
    const std::string& before = node.words[node.words.size() - 2].text;
    const bool behind_modifier = node.words.size() > 2 && (before == "~" || before == "~*");
    // `server_name ~^a$;listen 80;` is right: nothing but a block ends what begins with a modifier.
    const bool in_regex = behind_modifier || (token.kind == TokenKind::kOpen && last.text.starts_with('~'));
    return GoesOn(text, token.span, in_regex);
  }

  // Reads on as if the expression stood in quotes, so that the block behind it is understood.
  void JoinRegex(Span mark, Node& node) {
    Word& word = node.words.back();
    if (joined_ != word.span.offset) {
      Mistake(mark, "a regular expression with \"{\", \"}\" or \";\" must be in quotes");
      joined_ = word.span.offset;
    }
    const Token rest = lexer_.Next();
    if (rest.kind == TokenKind::kError) Mistake(rest.span, rest.text);
    word.text += source_.text().substr(mark.offset, mark.length);
    if (rest.kind == TokenKind::kWord) word.text += rest.text;
    word.span = Join(word.span, rest.kind == TokenKind::kWord ? rest.span : mark);
  }

  // Whether the indentation says that this `}`, which the braces have close a block, closes nothing. Then that is said.
  bool IsSurplus(Span brace) {
    const auto found =
        std::lower_bound(surplus_.begin(), surplus_.end(), brace.offset,
                         [](const Surplus& one, std::uint32_t offset) { return one.brace.offset < offset; });
    if (found == surplus_.end() || found->brace != brace || found->opener.length == 0) return false;
    const Token name = Lexer(source_.text().substr(found->opener.offset, found->opener.length)).Next();
    Unwhole(brace,
            fmt::format("unexpected \"}}\": by the indentation it is too many, it would close {} of line {}",
                        Quoted(name.kind == TokenKind::kWord ? name.text : "{"), source_.Locate(found->opener).line));
    return true;
  }

  void Mistake(Span span, std::string message) {
    if (report_ == Report::kAll) diagnostics_.Error(source_.Locate(span), std::move(message));
  }

  void Unwhole(Span span, std::string message) {
    whole_ = false;
    diagnostics_.Error(source_.Locate(span), std::move(message));
  }

  // A directive that ends at `}` or at the end of the text is taken as if its `;` stood there.
  std::string Unterminated(const Node& node, Span next) const {
    return fmt::format("directive {} is not terminated by \";\"{}", Quoted(node.name().text),
                       MissingSemicolonHint(source_, node.words.back().span, next));
  }

  void OpenBlock(Node node, Span brace, int depth, std::vector<Node>& nodes) {
    const bool nameless = node.words.empty();
    if (nameless) {
      Mistake(brace, "unexpected \"{\"");
      node.words.push_back({"{", brace});
    }
    if (depth == kMaxDepth) {
      Mistake(brace, fmt::format("blocks are nested more than {} deep", kMaxDepth));
      SkipBlock();
      return;
    }
    node.block = true;
    node.children = Block(&node, depth + 1);
    if (!nameless) nodes.push_back(std::move(node));
  }

  // To the `}` that closes the block just opened.
  void SkipBlock() {
    for (int open = 1; open > 0;) {
      const TokenKind kind = lexer_.Next().kind;
      if (kind == TokenKind::kOpen) ++open;
      if (kind == TokenKind::kClose) --open;
      if (kind == TokenKind::kEnd) return;
    }
  }

  const Source& source_;
  const Report report_;
  Diagnostics& diagnostics_;
  Lexer lexer_;
  const std::vector<Surplus> surplus_;  // `}` that are too many
  std::uint32_t joined_ = 0;            // where the last expression without quotes begins
  std::vector<Span> unclosed_;          // openers of blocks that were open at the end, the innermost first
  bool whole_ = true;
  bool lost_ = false;  // in an unclosed quote: the blocks around it are not to blame for the early end
};

}  // namespace

std::vector<Node> ParseTree(const Source& source, Diagnostics& diagnostics) {
  Parser parser(source, Report::kAll, diagnostics);
  std::vector<Node> nodes = parser.Block(nullptr, 0);
  parser.Finish();
  return nodes;
}

bool IsWhole(const Source& source, Diagnostics& diagnostics) {
  Parser parser(source, Report::kUnwholeness, diagnostics);
  parser.Block(nullptr, 0);
  parser.Finish();
  return parser.whole();
}

}  // namespace colmeia::config
