#include "config/tree.h"

#include <utility>

#include <fmt/format.h>

#include "config/lexer.h"

namespace colmeia::config {

namespace {

// Which mistakes are said.
enum class Report {
  kAll,         // each
  kUnwholeness  // those that reach beyond the end or the beginning of the text
};

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
            Mistake(node.words.back().span, Unterminated(node));
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
            Unwhole(node.words.back().span, Unterminated(node));
            if (!damaged) nodes.push_back(std::move(node));
          }
          if (opened_by != nullptr) {
            Unwhole(opened_by->span(), fmt::format("block {} is never closed: unexpected end of file, expecting \"}}\"",
                                                   Quoted(opened_by->name().text)));
          }
          return nodes;
      }
    }
  }

  [[nodiscard]] bool whole() const { return whole_; }

 private:
  void Mistake(Span span, std::string message) {
    if (report_ == Report::kAll) diagnostics_.Error(source_.Locate(span), std::move(message));
  }

  void Unwhole(Span span, std::string message) {
    whole_ = false;
    diagnostics_.Error(source_.Locate(span), std::move(message));
  }

  // A directive that ends at `}` or at the end of the text is taken as if its `;` stood there.
  static std::string Unterminated(const Node& node) {
    return fmt::format("directive {} is not terminated by \";\"", Quoted(node.name().text));
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
  bool whole_ = true;
  bool lost_ = false;  // in an unclosed quote: the blocks around it are not to blame for the early end
};

}  // namespace

std::vector<Node> ParseTree(const Source& source, Diagnostics& diagnostics) {
  return Parser(source, Report::kAll, diagnostics).Block(nullptr, 0);
}

bool IsWhole(const Source& source, Diagnostics& diagnostics) {
  Parser parser(source, Report::kUnwholeness, diagnostics);
  parser.Block(nullptr, 0);
  return parser.whole();
}

}  // namespace colmeia::config
