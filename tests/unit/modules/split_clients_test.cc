// tests/integration/test_as_nginx.py compares the parts of many clients with nginx's.
#include "modules/split_clients.h"

#include <map>

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

using SplitClientsTest = SiteTest;

TEST_F(SplitClientsTest, DividesByTheShares) {
  Configure(
      "http { split_clients $arg_id $part { 20% a; 30.5% b; * c; }"
      "server { listen 80; location / { return 200 $part; } } }");
  std::map<std::string, int> counts;
  for (int i = 0; i < 2000; ++i) ++counts[Get("/?id=" + std::to_string(i)).body];

  EXPECT_NEAR(counts["a"], 400, 80);
  EXPECT_NEAR(counts["b"], 610, 80);
  EXPECT_NEAR(counts["c"], 990, 80);
  EXPECT_EQ(Get("/?id=1").body, Get("/?id=1").body);
}

TEST_F(SplitClientsTest, WhatIsInNoPartHasNothing) {
  Configure(
      "http { split_clients $arg_id $part { 0.01% a; } server { listen 80; location / { return 200 \"[$part]\"; } } }");

  EXPECT_EQ(Get("/?id=1").body, "[]");
}

TEST_F(SplitClientsTest, MistakesAreToldWithPlaceAndAdvice) {
  const std::pair<const char*, const char*> cases[] = {
      {"{ 60% a; 50% b; }", "test.conf:1:39: percent total is greater than 100%\n"},
      {"{ 0% a; }", "test.conf:1:32: invalid percent value \"0%\", expected 0.01% to 100%, or *\n"},
      {"{ 1.234% a; }", "invalid percent value \"1.234%\""},
      {"{ a b; }", "invalid percent value \"a\""},
      {"{ -1% b; }", "invalid percent value \"-1%\""},
      {"{ 1%; }", "a line of \"split_clients\" is a share and a value, as in: 0.5% a;\n"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(ErrorsOfWhole("http { split_clients $uri $v " + std::string(text) + "\n}"), HasSubstr(message)) << text;
  }
  EXPECT_EQ(ErrorsOfWhole("http { split_clients $uri $v { 100% a; * b; } }"), "");
}

}  // namespace
}  // namespace colmeia::modules
