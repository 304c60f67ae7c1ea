#include "config/directive.h"

#include <gtest/gtest.h>

namespace colmeia::config {
namespace {

TEST(DirectiveTest, NamesContextsInTheOrderOfNesting) {
  EXPECT_EQ(ContextNames(In::kMain), "main");
  EXPECT_EQ(ContextNames(In::kLocation | In::kHttp | In::kServer), "http, server, location");
  EXPECT_EQ(ContextNames(In::kLocation | In::kHttp | In::kServer, " or "), "http, server or location");
  EXPECT_EQ(ContextNames(In::kMain | In::kEvents, " or "), "main or events");
  EXPECT_EQ(ContextNames(In::kNowhere), "");
}

TEST(DirectiveTest, CountsArguments) {
  EXPECT_TRUE(Args(2).Allows(2));
  EXPECT_FALSE(Args(2).Allows(1));
  EXPECT_FALSE(Args(2).Allows(3));
  EXPECT_TRUE(Args(0, 1).Allows(0));
  EXPECT_TRUE(AtLeast(1).Allows(1000));
  EXPECT_FALSE(AtLeast(1).Allows(0));
  EXPECT_TRUE(Flag.Allows(1));
}

TEST(DirectiveTest, WritesItsSyntax) {
  Directive directive;
  directive.name = "root";
  directive.syntax = "path";
  EXPECT_EQ(SyntaxOf(directive), "root path;");

  directive.form = Form::kBlock;
  directive.syntax = "";
  EXPECT_EQ(SyntaxOf(directive), "root { ... }");
}

}  // namespace
}  // namespace colmeia::config
