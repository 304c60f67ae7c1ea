#include "config/lexer.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::config {
namespace {

using testing::ElementsAre;

// Words in brackets, delimiters as they are, mistakes behind "!".
std::vector<std::string> Lex(std::string_view text) {
  Lexer lexer(text);
  std::vector<std::string> out;
  for (;;) {
    const Token token = lexer.Next();
    switch (token.kind) {
      case TokenKind::kWord:
        out.push_back("[" + token.text + "]");
        break;
      case TokenKind::kSemicolon:
        out.emplace_back(";");
        break;
      case TokenKind::kOpen:
        out.emplace_back("{");
        break;
      case TokenKind::kClose:
        out.emplace_back("}");
        break;
      case TokenKind::kError:
      case TokenKind::kUnclosedQuote:
        out.push_back("!" + token.text);
        break;
      case TokenKind::kEnd:
        return out;
    }
  }
}

TEST(LexerTest, SplitsWordsAtWhiteSpaceSemicolonAndBrace) {
  EXPECT_THAT(Lex("a  b\tc\r\nd;e{f}"), ElementsAre("[a]", "[b]", "[c]", "[d]", ";", "[e]", "{", "[f}]"));
  EXPECT_THAT(Lex("a;b;"), ElementsAre("[a]", ";", "[b]", ";"));
}

TEST(LexerTest, KeepsAClosingBraceInsideAWord) {
  EXPECT_THAT(Lex("root /x} ; }"), ElementsAre("[root]", "[/x}]", ";", "}"));
}

TEST(LexerTest, GivesNothingForAnEmptyText) {
  EXPECT_THAT(Lex(""), ElementsAre());
  EXPECT_THAT(Lex(" \t\r\n"), ElementsAre());
}

TEST(LexerTest, SkipsCommentsToTheEndOfTheLine) {
  EXPECT_THAT(Lex("a; # b; {\nc; #last"), ElementsAre("[a]", ";", "[c]", ";"));
  EXPECT_THAT(Lex("a #x\n b;"), ElementsAre("[a]", "[b]", ";"));
}

TEST(LexerTest, TakesAHashInsideAWordAsPartOfIt) { EXPECT_THAT(Lex("a#b #c"), ElementsAre("[a#b]")); }

TEST(LexerTest, KeepsEverythingBetweenQuotes) {
  EXPECT_THAT(Lex(R"("a b;{}#c" 'd "e"';)"), ElementsAre("[a b;{}#c]", "[d \"e\"]", ";"));
  EXPECT_THAT(Lex("'a\nb'"), ElementsAre("[a\nb]"));
}

TEST(LexerTest, TakesAnEmptyQuoteAsAnEmptyWord) { EXPECT_THAT(Lex("a \"\" '';"), ElementsAre("[a]", "[]", "[]", ";")); }

TEST(LexerTest, TakesAQuoteInsideAWordAsPartOfIt) { EXPECT_THAT(Lex("a\"b c'd"), ElementsAre("[a\"b]", "[c'd]")); }

TEST(LexerTest, ReplacesTheSixEscapes) {
  EXPECT_THAT(Lex(R"(\"a\'b\\c\td\re\nf)"), ElementsAre("[\"a'b\\c\td\re\nf]"));
  EXPECT_THAT(Lex(R"("\"a\'b\\c\td\re\nf")"), ElementsAre("[\"a'b\\c\td\re\nf]"));
}

TEST(LexerTest, KeepsTheBackslashOfOtherEscapes) {
  EXPECT_THAT(Lex(R"(\.php$ \d+ "\w")"), ElementsAre("[\\.php$]", "[\\d+]", "[\\w]"));
}

TEST(LexerTest, TakesTheMeaningOfAnEscapedDelimiter) {
  EXPECT_THAT(Lex(R"(a\;b\ c\{d)"), ElementsAre("[a\\;b\\ c\\{d]"));
  EXPECT_THAT(Lex(R"(\#a)"), ElementsAre("[\\#a]"));
}

TEST(LexerTest, KeepsTheBracesOfAVariableInTheWord) {
  EXPECT_THAT(Lex("${a}b c${d}e;"), ElementsAre("[${a}b]", "[c${d}e]", ";"));
  EXPECT_THAT(Lex("$a{"), ElementsAre("[$a]", "{"));
  EXPECT_THAT(Lex("${{a"), ElementsAre("[${{a]"));
}

TEST(LexerTest, EndsAWordAtTheBraceOfAnUnquotedExpression) {
  EXPECT_THAT(Lex("location ~ ^/[0-9]{3}$ {"), ElementsAre("[location]", "[~]", "[^/[0-9]]", "{", "[3}$]", "{"));
  EXPECT_THAT(Lex("location ~ '^/[0-9]{3}$' {"), ElementsAre("[location]", "[~]", "[^/[0-9]{3}$]", "{"));
}

TEST(LexerTest, WantsADelimiterBehindAClosingQuote) {
  EXPECT_THAT(Lex("'a';'b'{'c' 'd')"), ElementsAre("[a]", ";", "[b]", "{", "[c]", "[d]", "[)]"));
  EXPECT_THAT(Lex("'a'b;"), ElementsAre("[a]", "!unexpected \"b\" after a closing quote", "[b]", ";"));
  EXPECT_THAT(Lex("'a'#b"), ElementsAre("[a]", "!unexpected \"#\" after a closing quote"));
  EXPECT_THAT(Lex("'a'}"), ElementsAre("[a]", "!unexpected \"}\" after a closing quote", "}"));
  EXPECT_THAT(Lex("'a'\xc3\xa9"), ElementsAre("[a]", "!unexpected \"\xc3\xa9\" after a closing quote", "[\xc3\xa9]"));
}

TEST(LexerTest, RejectsUnterminatedQuoteAtItsOpening) {
  Lexer lexer("a \"b\nc;");
  (void)lexer.Next();

  const Token token = lexer.Next();

  EXPECT_EQ(token.kind, TokenKind::kUnclosedQuote);
  EXPECT_EQ(token.span, (Span{2, 1}));
  EXPECT_EQ(token.text, "the quote \" is never closed");
  EXPECT_EQ(lexer.Next().kind, TokenKind::kEnd);
  EXPECT_THAT(Lex("'a\\'"), ElementsAre("!the quote ' is never closed"));
  EXPECT_THAT(Lex("'\\"), ElementsAre("!the quote ' is never closed"));
}

TEST(LexerTest, SurvivesABackslashAtTheEnd) { EXPECT_THAT(Lex("a\\"), ElementsAre("[a\\]")); }

TEST(LexerTest, SpansCoverQuotesAndEscapes) {
  Lexer lexer("ab 'c\\'d';");

  EXPECT_EQ(lexer.Next().span, (Span{0, 2}));
  EXPECT_EQ(lexer.Next().span, (Span{3, 6}));
  EXPECT_EQ(lexer.Next().span, (Span{9, 1}));
  EXPECT_EQ(lexer.Next().span, (Span{10, 0}));
}

TEST(LexerTest, RefusesANulByteInAWord) {
  EXPECT_THAT(Lex(std::string_view("root /a\0b\0c d;", 14)),
              ElementsAre("[root]", "!a NUL byte cannot be part of a word", "[d]", ";"));
  EXPECT_THAT(Lex(std::string_view("root \"/a\0\" 'b';", 15)),
              ElementsAre("[root]", "!a NUL byte cannot be part of a word", "[b]", ";"));
  EXPECT_THAT(Lex(std::string_view("a \0;", 4)), ElementsAre("[a]", "!a NUL byte cannot be part of a word", ";"));
}

TEST(LexerTest, MarksTheNulByteItself) {
  Lexer lexer(std::string_view("'ab\0c' ;", 8));

  EXPECT_EQ(lexer.Next().span, (Span{3, 1}));
}

TEST(LexerTest, SkipsANulByteInAComment) {
  EXPECT_THAT(Lex(std::string_view("a;#\0\nb;", 7)), ElementsAre("[a]", ";", "[b]", ";"));
}

}  // namespace
}  // namespace colmeia::config
