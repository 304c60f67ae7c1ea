#include "sys/address.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace colmeia::sys {
namespace {

std::string Listen(std::string_view text) {
  const Result<Address> address = Address::ParseListen(text);
  return address ? address->ToString() : address.error().message;
}

TEST(AddressTest, ParsesTheFormsOfListen) {
  EXPECT_EQ(Listen("80"), "0.0.0.0:80");
  EXPECT_EQ(Listen("*:8080"), "0.0.0.0:8080");
  EXPECT_EQ(Listen("*"), "0.0.0.0:80");
  EXPECT_EQ(Listen("127.0.0.1:8080"), "127.0.0.1:8080");
  EXPECT_EQ(Listen("127.0.0.1"), "127.0.0.1:80");
  EXPECT_EQ(Listen("[::]:80"), "[::]:80");
  EXPECT_EQ(Listen("[::1]"), "[::1]:80");
  EXPECT_EQ(Listen("unix:/run/x.sock"), "unix:/run/x.sock");
}

TEST(AddressTest, RefusesWhatIsNoAddress) {
  EXPECT_EQ(Listen(""), "no host in \"\"");
  EXPECT_EQ(Listen(":80"), "no host in \":80\"");
  EXPECT_EQ(Listen("0"), "invalid port in \"0\"");
  EXPECT_EQ(Listen("65536"), "invalid port in \"65536\"");
  EXPECT_EQ(Listen("127.0.0.1:"), "invalid port in \"127.0.0.1:\"");
  EXPECT_EQ(Listen("127.0.0.1:80x"), "invalid port in \"127.0.0.1:80x\"");
  EXPECT_EQ(Listen("[::1"), "missing \"]\" in \"[::1\"");
  EXPECT_EQ(Listen("[127.0.0.1]:80"), "invalid address in \"[127.0.0.1]:80\"");
  EXPECT_EQ(Listen("localhost:80"), "invalid address in \"localhost:80\"");
  EXPECT_EQ(Listen("unix:"), "no path in the unix domain socket");
  EXPECT_NE(Listen("unix:/" + std::string(200, 'x')).find("too long path"), std::string::npos);
}

TEST(AddressTest, ResolvesNamesOnlyWhenAsked) {
  const Result<std::vector<Address>> numeric = Address::Resolve("127.0.0.1:81");
  ASSERT_TRUE(numeric);
  EXPECT_EQ(numeric->at(0).ToString(), "127.0.0.1:81");

  const Result<std::vector<Address>> named = Address::Resolve("localhost:8000");
  ASSERT_TRUE(named) << named.error().message;
  for (const Address& address : *named) EXPECT_EQ(address.port(), 8000);

  EXPECT_FALSE(Address::Resolve("127.0.0.1:0"));
  EXPECT_FALSE(Address::Resolve("[name]:80"));
}

TEST(AddressTest, SurvivesTheJourneyAsBytes) {
  for (const char* text : {"127.0.0.1:8080", "[2001:db8::1]:443", "unix:/tmp/x"}) {
    const Result<Address> address = Address::ParseListen(text);
    ASSERT_TRUE(address);

    const Result<Address> copy = Address::FromBytes(address->bytes());

    ASSERT_TRUE(copy);
    EXPECT_EQ(*copy, *address);
    EXPECT_EQ(copy->ToString(), text);
  }
}

TEST(AddressTest, RefusesBytesThatAreNoAddress) {
  const std::string bytes(Address::ParseListen("80")->bytes());

  EXPECT_FALSE(Address::FromBytes(""));
  EXPECT_FALSE(Address::FromBytes(bytes.substr(1)));
  EXPECT_FALSE(Address::FromBytes(bytes + "x"));
  EXPECT_FALSE(Address::FromBytes(std::string(500, 'x')));
}

TEST(AddressTest, KnowsItsParts) {
  const Address v4 = *Address::FromIp("10.1.2.3", 99);
  const Address v6 = *Address::FromIp("::1", 0);
  const Address path = *Address::FromUnixPath("/run/x");

  for (const char* text : {"10.1.2.3", "0.0.0.0", "255.255.255.255", "9.10.99.100"}) {
    EXPECT_EQ(Address::FromIp(text, 99)->HostText(), text);
  }
  EXPECT_EQ(v4.port(), 99);
  EXPECT_EQ(v4.HostBytes(), std::string_view("\x0a\x01\x02\x03"));
  EXPECT_EQ(v6.HostText(), "::1");
  EXPECT_EQ(v6.HostBytes().size(), 16U);
  EXPECT_EQ(Address::FromIp("::ffff:10.1.2.3", 80)->PlainHostBytes(), v4.HostBytes());
  EXPECT_EQ(v6.PlainHostBytes(), v6.HostBytes());
  EXPECT_EQ(path.HostText(), "unix:");
  EXPECT_EQ(path.UnixPath(), "/run/x");
  EXPECT_FALSE(v4.IsWildcard());
  EXPECT_TRUE(Address::ParseListen("*:80")->IsWildcard());
  EXPECT_TRUE(Address::ParseListen("[::]:80")->IsWildcard());
  EXPECT_EQ(Address().family(), AF_UNSPEC);
}

}  // namespace
}  // namespace colmeia::sys
