#include "modules/access.h"

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

class AccessTest : public SiteTest {
 protected:
  int StatusFor(const char* ip) {
    peer = *sys::Address::FromIp(ip, 1);
    return Get("/a").status;
  }
  AccessTest() { folder.Write("a", "x"); }
};

TEST_F(AccessTest, LetsTheFirstMatchingRuleDecide) {
  Serve("deny 10.1.2.3; allow 10.1.0.0/16; allow 2001:db8::/33; deny all;");
  EXPECT_EQ(StatusFor("10.1.2.3"), 403);
  EXPECT_EQ(StatusFor("10.1.2.4"), 200);
  EXPECT_EQ(StatusFor("10.2.2.4"), 403);
  EXPECT_EQ(StatusFor("::ffff:10.1.2.4"), 200);
  EXPECT_EQ(StatusFor("2001:db8:7fff::1"), 200);
  EXPECT_EQ(StatusFor("2001:db8:8000::1"), 403);
  EXPECT_THAT(ErrorLogText(), HasSubstr("access forbidden by rule, client: 10.1.2.3"));
}

TEST_F(AccessTest, LetsInWhomNoRuleNames) {
  Serve("deny 10.0.0.0/8;");
  EXPECT_EQ(StatusFor("192.0.2.1"), 200);
}

TEST_F(AccessTest, KnowsClientsOfUnixSockets) {
  Serve("allow unix:; deny all;");
  peer = *sys::Address::FromUnixPath("/run/x");
  EXPECT_EQ(Get("/a").status, 200);
  EXPECT_EQ(StatusFor("127.0.0.1"), 403);
}

TEST_F(AccessTest, ReplacesTheRulesOfOuterBlocks) {
  Serve("deny all; location = /a { allow 192.0.2.1; }");
  EXPECT_EQ(StatusFor("192.0.2.9"), 200);
  EXPECT_EQ(Get("/b").status, 403);
}

TEST_F(AccessTest, ComesAfterReturn) {
  Serve("deny all; return 204;");
  EXPECT_EQ(Get("/").status, 204);
}

TEST_F(AccessTest, RefusesWhatIsNoAddress) {
  EXPECT_THAT(ErrorsOf("allow localhost;"), HasSubstr("expected an address"));
  EXPECT_THAT(ErrorsOf("allow 10.0.0.0/33;"), HasSubstr("length of the network"));
}

}  // namespace
}  // namespace colmeia::modules
