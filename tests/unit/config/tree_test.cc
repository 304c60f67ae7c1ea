#include "config/tree.h"

#include <string>

#include <gtest/gtest.h>

namespace colmeia::config {
namespace {

// The tree in one line: "a b; c { d; }", words in brackets when they hold white space.
std::string Show(const std::vector<Node>& nodes) {
  std::string out;
  for (const Node& node : nodes) {
    if (!out.empty()) out += ' ';
    for (const Word& word : node.words) {
      if (&word != &node.words.front()) out += ' ';
      out += word.text.find(' ') == std::string::npos ? word.text : "[" + word.text + "]";
    }
    out += node.block ? " { " + Show(node.children) + (node.children.empty() ? "}" : " }") : ";";
  }
  return out;
}

class TreeTest : public testing::Test {
 protected:
  std::string Parse(std::string text) {
    source = Source::FromText("f", std::move(text));
    return Show(ParseTree(source, diagnostics));
  }

  Source source;
  Diagnostics diagnostics;
};

TEST_F(TreeTest, NestsBlocks) {
  EXPECT_EQ(Parse("user www; http { server { listen 80; location / { } } }"),
            "user www; http { server { listen 80; location / { } } }");
  EXPECT_EQ(diagnostics.Render(), "");
}

TEST_F(TreeTest, KnowsNoDirectiveByName) {
  EXPECT_EQ(Parse("types { text/html html htm; } 'odd name' 1 2;"), "types { text/html html htm; } [odd name] 1 2;");
  EXPECT_EQ(diagnostics.Render(), "");
}

TEST_F(TreeTest, AcceptsAnEmptyText) {
  EXPECT_EQ(Parse("# nothing\n"), "");
  EXPECT_EQ(diagnostics.Render(), "");
}

TEST_F(TreeTest, SpansReachFromNameToLastArgument) {
  source = Source::FromText("f", "  root  '/x y' ;");
  const std::vector<Node> nodes = ParseTree(source, diagnostics);

  ASSERT_EQ(nodes.size(), 1U);
  EXPECT_EQ(nodes[0].span(), (Span{2, 12}));
  EXPECT_EQ(nodes[0].args().size(), 1U);
  EXPECT_EQ(nodes[0].args()[0].span, (Span{8, 6}));
}

TEST_F(TreeTest, TakesADirectiveWithoutSemicolonBeforeABrace) {
  EXPECT_EQ(Parse("a { b 1 } c;"), "a { b 1; } c;");
  EXPECT_EQ(diagnostics.all().size(), 1U);
}

TEST_F(TreeTest, GoesOnBehindASurplusBraceOrSemicolon) {
  EXPECT_EQ(Parse("a; } b; ; c;"), "a; b; c;");
  EXPECT_EQ(diagnostics.all().size(), 2U);
}

TEST_F(TreeTest, LeavesOutANamelessBlock) {
  EXPECT_EQ(Parse("a; { b; } c;"), "a; c;");
  EXPECT_EQ(diagnostics.all().size(), 1U);
}

TEST_F(TreeTest, LeavesOutADirectiveWithABadQuote) {
  EXPECT_EQ(Parse("a 'b'c d; e;"), "e;");
  EXPECT_EQ(diagnostics.all().size(), 1U);
}

TEST_F(TreeTest, ReportsEachUnclosedBlock) {
  EXPECT_EQ(Parse("a {\n b {\n c;"), "a { b { c; } }");
  EXPECT_EQ(diagnostics.Render(),
            "f:1:1: block \"a\" is never closed: unexpected end of file, expecting \"}\"\n"
            "a {\n"
            "^\n"
            "f:2:2: block \"b\" is never closed: unexpected end of file, expecting \"}\"; by the indentation it is "
            "missing before line 3\n"
            " b {\n"
            " ^\n");
}

TEST_F(TreeTest, BlamesOnlyTheQuoteForTheEndItHides) {
  EXPECT_EQ(Parse("a { b 'c; }\n"), "a { }");
  EXPECT_EQ(diagnostics.Render(),
            "f:1:7: the quote ' is never closed\n"
            "a { b 'c; }\n"
            "      ^\n");
}

TEST_F(TreeTest, RefusesBlocksThatAreNestedTooDeeply) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "a{";
  Parse(text + std::string(100'000, '}') + "b;");

  ASSERT_EQ(diagnostics.all().size(), 1U);
  EXPECT_EQ(diagnostics.all()[0].message, "blocks are nested more than 64 deep");
}

TEST_F(TreeTest, StaysQuickWithManyMistakes) {
  Parse(std::string(300'000, ';'));

  EXPECT_EQ(diagnostics.all().size(), Diagnostics::kKept);
  EXPECT_NE(diagnostics.Render().find("and 299980 more\n"), std::string::npos);
}

TEST_F(TreeTest, CallsASourceWholeWhenItsBlocksAreBalanced) {
  const auto whole = [&](std::string text) { return IsWhole(Source::FromText("f", std::move(text)), diagnostics); };

  EXPECT_TRUE(whole("a; b { c } ; d 'x'y;"));
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_FALSE(whole("a"));
  EXPECT_FALSE(whole("a; }"));
  EXPECT_FALSE(whole("a {"));
  EXPECT_FALSE(whole("a 'b;"));
  EXPECT_EQ(diagnostics.all().size(), 4U);
}

TEST_F(TreeTest, ReadsARegexThatItsBracesCutAndAsksForQuotes) {
  EXPECT_EQ(Parse("location ~ ^/a{2}(b){1,}$ { b; } c;"), "location ~ ^/a{2}(b){1,}$ { b; } c;");
  EXPECT_EQ(diagnostics.Render(),
            "f:1:15: a regular expression with \"{\", \"}\" or \";\" must be in quotes\n"
            "location ~ ^/a{2}(b){1,}$ { b; } c;\n"
            "              ^\n");
}

TEST_F(TreeTest, AsksForQuotesInEveryPlaceOfARegex) {
  for (const char* text :
       {"server_name ~^a{2}$;", "location ~* \\p{Lu}x { }", "location ~^/x{41,} { }", "location ~ ^/a;b$ { }",
        "location ~ ^(a;|b{2})$ { }", "location / { location ~ a{3} { } }"}) {
    diagnostics = {};
    EXPECT_EQ(Parse(text).find("}$ {"), std::string::npos) << text;
    ASSERT_EQ(diagnostics.all().size(), 1U) << text << diagnostics.Render();
    EXPECT_EQ(diagnostics.all()[0].message, "a regular expression with \"{\", \"}\" or \";\" must be in quotes")
        << text;
  }
}

TEST_F(TreeTest, TakesNoBlockForPartOfARegex) {
  for (const char* text : {"location ~ x{return 200;}", "location ~ x{}", "location ~ x{ }",
                           "server_name ~^a$;listen 80;", "a{b;}", "location ~ \"x{2}\" {}", "map{\n2;}"}) {
    Parse(text);
    EXPECT_EQ(diagnostics.Render(), "") << text;
  }
}

TEST_F(TreeTest, NamesTheLineOfASurplusBraceByTheIndentation) {
  Parse(
      "http {\n"
      "    server {\n"
      "        location / {\n"
      "        }\n"
      "        }\n"
      "        root x;\n"
      "    }\n"
      "}\n");

  EXPECT_EQ(diagnostics.Render(),
            "f:5:9: unexpected \"}\": by the indentation it is too many, it would close \"server\" of line 2\n"
            "        }\n"
            "        ^\n");
}

TEST_F(TreeTest, KnowsWhatASurplusBraceLeavesInItsBlocks) {
  EXPECT_EQ(Parse("a {\n  b {\n  }\n  }\n  c;\n}\nd;\n"), "a { b { } c; } d;");
}

TEST_F(TreeTest, BlamesNoOtherBraceWhenTheIndentationCannotTell) {
  Parse("a {\n}\n}\n");
  Parse("a { b { } } }");
  Parse("a {\n  b {\n}\n}\n}\n");

  for (const Diagnostic& diagnostic : diagnostics.all()) EXPECT_EQ(diagnostic.message, "unexpected \"}\"");
  EXPECT_EQ(diagnostics.all().size(), 3U);
}

}  // namespace
}  // namespace colmeia::config
