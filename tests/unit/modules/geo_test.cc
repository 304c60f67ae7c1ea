// tests/integration/test_as_nginx.py compares more answers with nginx's.
#include "modules/geo.h"

#include "modules/geo_table.h"
#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

class GeoTest : public SiteTest {
 protected:
  void Say(const std::string& geos) {
    Configure("http { access_log off; " + geos + " server { listen 80; location / { return 200 \"$g\"; } } }");
  }
};

TEST_F(GeoTest, TheSmallestNetworkCounts) {
  Say("geo $arg_ip $g { default d; 10.0.0.0/8 a; 10.1.0.0/16 b; 10.1.2.3 c; 2001:db8::/32 six; }");

  EXPECT_EQ(Get("/?ip=10.0.0.1").body, "a");
  EXPECT_EQ(Get("/?ip=10.1.255.255").body, "b");
  EXPECT_EQ(Get("/?ip=10.1.2.3").body, "c");
  EXPECT_EQ(Get("/?ip=10.2.0.0").body, "a");
  EXPECT_EQ(Get("/?ip=11.0.0.0").body, "d");
  EXPECT_EQ(Get("/?ip=2001:db8::1").body, "six");
  EXPECT_EQ(Get("/?ip=2001:db9::1").body, "d");
  EXPECT_EQ(Get("/?ip=::ffff:10.1.2.3").body, "c");
  EXPECT_EQ(Get("/?ip=none").body, "d");
}

TEST_F(GeoTest, IsOfTheClientOrOfWhatProxiesSay) {
  Say("geo $g { 192.0.2.0/24 client; 5.0.0.0/8 five; 6.0.0.0/8 six; proxy 192.0.2.7; proxy 6.0.0.0/8; proxy_recursive; "
      "}");

  EXPECT_EQ(Get("/").body, "client");
  EXPECT_EQ(Get("/", {{"X-Forwarded-For", "5.0.0.1"}}).body, "five");
  EXPECT_EQ(Get("/", {{"X-Forwarded-For", "5.0.0.1, 6.0.0.1"}}).body, "five");
  EXPECT_EQ(Get("/", {{"X-Forwarded-For", "5.0.0.1"}, {"X-Forwarded-For", "6.0.0.1:80"}}).body, "five");
  EXPECT_EQ(Get("/", {{"X-Forwarded-For", "6.0.0.2, 6.0.0.1"}}).body, "six");
  EXPECT_EQ(Get("/", {{"X-Forwarded-For", "junk"}}).body, "client");
}

TEST_F(GeoTest, ALaterRangeCutsAnEarlierOne) {
  Say("geo $arg_ip $g { ranges; default d; 10.0.0.0-10.2.255.255 a; 10.1.0.0-10.1.0.255 b; 10.2.0.0-10.2.255.255 c;"
      "20.0.0.0-20.0.0.1 gone; delete 20.0.0.0-20.0.0.1; 255.255.255.255-255.255.255.255 last; }");

  EXPECT_EQ(Get("/?ip=10.0.0.0").body, "a");
  EXPECT_EQ(Get("/?ip=10.1.0.0").body, "b");
  EXPECT_EQ(Get("/?ip=10.1.0.255").body, "b");
  EXPECT_EQ(Get("/?ip=10.1.1.0").body, "a");
  EXPECT_EQ(Get("/?ip=10.2.9.9").body, "c");
  EXPECT_EQ(Get("/?ip=10.3.0.0").body, "d");
  EXPECT_EQ(Get("/?ip=20.0.0.0").body, "d");
  EXPECT_EQ(Get("/?ip=9.255.255.255").body, "d");
  // As in nginx an address that ranges cannot have is taken for the last one.
  EXPECT_EQ(Get("/?ip=::1").body, "last");
}

TEST_F(GeoTest, MistakesAreToldWithPlaceAndAdvice) {
  const std::pair<const char*, const char*> cases[] = {
      {"geo $v { a b; }",
       "test.conf:1:17: invalid network \"a\", expected an address or a network such as 10.0.0.0/8\n"},
      {"geo $v { 1.2.3.4/33 b; }", "invalid network \"1.2.3.4/33\""},
      {"geo $v { 1.2.3.4/8 b; }", "test.conf:1:17: warning: low address bits of 1.2.3.4/8 are meaningless\n"},
      {"geo $v { 1.0.0.0/8 a; 1.0.0.0/8 b; }",
       "warning: duplicate network \"1.0.0.0/8\", value: \"b\", old value: \"a\"\n"},
      {"geo $v { default a; default b; }", "warning: duplicate default value \"b\", the old one was \"a\"\n"},
      {"geo $v { ranges; default a; default b; }", "warning: duplicate default value \"b\", the old one was \"a\"\n"},
      {"geo $v { 1.0.0.0/8 a; ranges; }",
       "test.conf:1:30: the \"ranges\" directive must be the first directive inside \"geo\" block\n"},
      {"geo $v { ranges; 1.0.0.0-1.0.0.9 a; 1.0.0.5-1.0.0.10 b; }",
       "range \"1.0.0.5-1.0.0.10\" overlaps \"1.0.0.0-1.0.0.9\"\n"},
      {"geo $v { ranges; 1.0.0.9-1.0.0.1 a; }",
       "invalid range \"1.0.0.9-1.0.0.1\", expected first-last, as in 10.0.0.0-10.0.0.255\n"},
      {"geo $v { ranges; 1.0.0.0-1.0.0.1 a; 1.0.0.0-1.0.0.1 b; }", "warning: duplicate range"},
      {"geo $v { ranges; delete 1.0.0.0-1.0.0.1; }", "warning: no address range \"1.0.0.0-1.0.0.1\" to delete\n"},
      {"geo $v { delete 1.0.0.0/8; }", "warning: no network \"1.0.0.0/8\" to delete\n"},
      {"geo $v { proxy x; }", "invalid network \"x\""},
      {"geo $v { foo; }", "invalid number of the geo parameters: a line is network value;"},
      {"geo $v { a { } }", "a line of \"geo\" has no block"},
      {"geo a $v { }", "test.conf:1:12: invalid variable name \"a\", expected $name\n"},
      {"geo $uri { }", "the duplicate \"uri\" variable"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(ErrorsOfWhole("http { " + std::string(text) + "\n}"), HasSubstr(message)) << text;
  }
}

TEST(GeoTableTest, FindsEveryBorderOfManyNetworks) {
  GeoNetworks networks;
  std::vector<std::pair<sys::Network, std::uint32_t>> all;
  std::uint32_t random = 1;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    random = random * 1664525U + 1013904223U;
    const unsigned bits = 8 + random % 25;
    std::string text = std::to_string(random >> 29U) + "." + std::to_string(random >> 25U & 15U) + "." +
                       std::to_string(random >> 20U & 31U) + ".0/" + std::to_string(bits);
    sys::NetworkFault fault{};
    const auto parsed = sys::ParseNetwork(text, fault);
    ASSERT_TRUE(parsed) << text;
    if (!networks.Add(parsed->network, i)) all.emplace_back(parsed->network, i);
  }
  // Of those that were there twice the second value counts: they are asked again.
  for (auto& [network, value] : all) value = *networks.Add(network, value);
  for (const auto& [network, value] : all) static_cast<void>(networks.Add(network, value));
  const Borders<Ipv4> borders = networks.Ipv4Borders();

  for (int i = 0; i < 20000; ++i) {
    random = random * 1664525U + 1013904223U;
    const Ipv4 address = random >> 3U;
    const std::string bytes{static_cast<char>(address >> 24U), static_cast<char>(address >> 16U),
                            static_cast<char>(address >> 8U), static_cast<char>(address)};
    std::uint32_t expected = kNoValue;
    unsigned longest = 0;
    for (const auto& [network, value] : all) {
      if (network.bits >= longest && network.Contains(bytes)) {
        expected = value;
        longest = network.bits;
      }
    }
    ASSERT_EQ(borders.Find(address), expected) << address;
  }
}

TEST(GeoTableTest, TheWholeOfTheAddressesIsARangeToo) {
  GeoNetworks networks;
  static_cast<void>(networks.Add({std::string(4, '\0'), 0}, 1));
  static_cast<void>(networks.Add({std::string(16, '\0'), 0}, 2));
  static_cast<void>(networks.Add({std::string(16, '\xff'), 128}, 3));
  GeoRanges ranges;
  EXPECT_EQ(ranges.Add({0, 0xffffffff}, 4).added, GeoRanges::Added::kYes);

  EXPECT_EQ(networks.Ipv4Borders().Find(0), 1U);
  EXPECT_EQ(networks.Ipv4Borders().Find(0xffffffff), 1U);
  EXPECT_EQ(networks.Ipv6Borders().Find({0, 0}), 2U);
  EXPECT_EQ(networks.Ipv6Borders().Find({~0ULL, ~0ULL}), 3U);
  EXPECT_EQ(ranges.Ipv4Borders().Find(0xffffffff), 4U);
  EXPECT_EQ(ranges.Ipv4Borders().size(), 1U);
}

}  // namespace
}  // namespace colmeia::modules
