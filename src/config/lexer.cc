#include "config/lexer.h"

#include <utility>

#include <fmt/format.h>

#include "util/utf8.h"

namespace colmeia::config {

namespace {

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// The characters that mean something else behind a backslash, and what they mean.
constexpr std::string_view kEscapes = "\"'\\trn";
constexpr std::string_view kMeanings = "\"'\\\t\r\n";

// The word's meaning: the six escapes replaced, every other backslash kept (rule 3).
std::string Unescape(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const bool escaped = raw[i] == '\\' && i + 1 < raw.size();
    const std::size_t which = escaped ? kEscapes.find(raw[i + 1]) : std::string_view::npos;
    if (which == std::string_view::npos) {
      out += raw[i];
    } else {
      out += kMeanings[which];
      ++i;
    }
  }
  return out;
}

}  // namespace

Token Lexer::Make(TokenKind kind, std::size_t start, std::string text) const {
  return {kind, {static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(at_ - start)}, std::move(text)};
}

Token Lexer::MakeWord(std::size_t start, std::string_view raw) const {
  const std::size_t nul = text_.substr(0, at_).find('\0', start);
  if (nul == std::string_view::npos) return Make(TokenKind::kWord, start, Unescape(raw));
  Token token = Make(TokenKind::kError, nul, "a NUL byte cannot be part of a word");
  token.span.length = 1;
  return token;
}

void Lexer::SkipBlanks() {
  while (at_ < text_.size()) {
    if (IsBlank(text_[at_])) {
      ++at_;
    } else if (text_[at_] == '#') {
      const std::size_t line_feed = text_.find('\n', at_);
      at_ = line_feed == std::string_view::npos ? text_.size() : line_feed + 1;
    } else {
      return;
    }
  }
}

Token Lexer::Next() {
  if (std::exchange(after_quote_, false) && at_ < text_.size()) {
    const char next = text_[at_];
    if (!IsBlank(next) && next != ';' && next != '{' && next != ')') {
      // What follows is read as a word of its own.
      std::size_t size = 1;
      while (at_ + size < text_.size() && util::IsUtf8Continuation(text_[at_ + size])) ++size;
      Token token = Make(TokenKind::kError, at_);
      token.span.length = static_cast<std::uint32_t>(size);
      token.text = fmt::format("unexpected \"{}\" after a closing quote", text_.substr(at_, size));
      return token;
    }
  }
  SkipBlanks();
  if (at_ == text_.size()) return Make(TokenKind::kEnd, at_);
  const std::size_t start = at_;
  switch (text_[at_]) {
    case ';':
      ++at_;
      return Make(TokenKind::kSemicolon, start);
    case '{':
      ++at_;
      return Make(TokenKind::kOpen, start);
    case '}':
      ++at_;
      return Make(TokenKind::kClose, start);
    case '"':
    case '\'':
      return QuotedWord(text_[at_]);
    default:
      return BareWord();
  }
}

Token Lexer::BareWord() {
  const std::size_t start = at_;
  bool after_dollar = false;  // the `{` of "${" opens no block
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '{' && after_dollar) continue;
    after_dollar = c == '$';
    if (c == '\\') {
      if (at_ + 1 < text_.size()) ++at_;
    } else if (IsBlank(c) || c == ';' || c == '{') {
      break;
    }
  }
  return MakeWord(start, text_.substr(start, at_ - start));
}

Token Lexer::QuotedWord(char quote) {
  const std::size_t start = at_++;
  while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2 : 1;
  if (at_ >= text_.size()) {
    at_ = text_.size();
    Token token = Make(TokenKind::kUnclosedQuote, start, fmt::format("the quote {} is never closed", quote));
    token.span.length = 1;
    return token;
  }
  ++at_;
  after_quote_ = true;
  return MakeWord(start, text_.substr(start + 1, at_ - start - 2));
}

}  // namespace colmeia::config
