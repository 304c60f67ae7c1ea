#include "config/tree.h"

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

class Parser {
 public:
  Parser(const Source& source, Report report, Diagnostics& diagnostics)
      : source_(source), report_(report), diagnostics_(diagnostics), lexer_(source.text()) {}

  // The directives up to the `}` that closes the block, or to the end of the text. `opened_by` is null outside of
  // blocks.
  std::vector<Node> Block(const Node* opened_by, int depth) {
    std::vector<Node> nodes;
    Node node;             // its words so far
    bool damaged = false;  // a mistake was reported among its words: not worth another look
    for (;;) {
      Token token = lexer_.Next();
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
          if (opened_by != nullptr) return nodes;
          Unwhole(token.span, "unexpected \"}\"");
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
  std::vector<Span> unclosed_;  // openers of blocks that were open at the end, the innermost first
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
