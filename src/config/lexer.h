// Lexer: the text of a configuration as words, `;`, `{` and `}`, by nginx's rules.
//
// 1. A word ends at white space, `;` or `{`. A `}` or a `#` inside a word is part of it.
// 2. A word that starts with ' or " ends at the same quote, which must be followed by white space, `;`, `{` or `)`.
// 3. A backslash takes away the meaning of the next character. \" \' \\ \t \r \n are replaced, all others keep theirs.
// 4. The `{` of `${name}` belongs to the word. Other braces, as in regular expressions, need quotes.
// 5. A NUL byte is no part of any word: as a path it would end there.
// 6. `#` where a word could start begins a comment, to the end of the line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/source.h"

namespace colmeia::config {

enum class TokenKind {
  kWord,           // text = the word without quotes and with escapes replaced
  kSemicolon,      // ;
  kOpen,           // {
  kClose,          // }
  kError,          // text = what is wrong; the next token goes on behind it
  kUnclosedQuote,  // text = what is wrong; everything behind the quote is lost, kEnd follows
  kEnd,            // of the text, again and again
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Span span;  // with quotes
  std::string text;
};

class Lexer {
 public:
  // `text` must outlive the lexer.
  explicit Lexer(std::string_view text) : text_(text) {}

  [[nodiscard]] Token Next();

 private:
  void SkipBlanks();
  [[nodiscard]] Token BareWord();
  [[nodiscard]] Token QuotedWord(char quote);
  // What stands from `start` to here, whose own text is `raw`; a mistake when it holds a NUL byte.
  [[nodiscard]] Token MakeWord(std::size_t start, std::string_view raw) const;
  [[nodiscard]] Token Make(TokenKind kind, std::size_t start, std::string text = {}) const;

  std::string_view text_;
  std::size_t at_ = 0;
  bool after_quote_ = false;  // the last token was a quoted word: rule 2 holds for the next character
};

}  // namespace colmeia::config
