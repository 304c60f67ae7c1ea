#include "sys/network.h"

#include <gtest/gtest.h>

#include "sys/address.h"

namespace colmeia::sys {
namespace {

std::optional<Network> Parse(std::string_view text) {
  NetworkFault fault{};
  const auto parsed = ParseNetwork(text, fault);
  return parsed ? std::optional(parsed->network) : std::nullopt;
}

bool Holds(std::string_view network, std::string_view address) {
  return Parse(network)->Contains(Address::FromIp(address, 0)->HostBytes());
}

TEST(NetworkTest, HoldsWhatBeginsWithItsBits) {
  EXPECT_TRUE(Holds("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(Holds("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(Holds("10.0.0.0/9", "10.127.0.1"));
  EXPECT_FALSE(Holds("10.0.0.0/9", "10.128.0.1"));
  EXPECT_TRUE(Holds("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(Holds("192.0.2.1", "192.0.2.0"));
  EXPECT_TRUE(Holds("0.0.0.0/0", "255.255.255.255"));
  EXPECT_FALSE(Holds("0.0.0.0/0", "::1"));
  EXPECT_TRUE(Holds("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(Holds("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(NetworkTest, ForgetsHostBitsAndSaysSo) {
  NetworkFault fault{};

  EXPECT_EQ(Parse("10.1.2.3/8"), Parse("10.0.0.0/8"));
  EXPECT_TRUE(ParseNetwork("10.1.2.3/8", fault)->had_host_bits);
  EXPECT_FALSE(ParseNetwork("10.0.0.0/8", fault)->had_host_bits);
}

TEST(NetworkTest, SaysWhatIsWrong) {
  NetworkFault fault{};

  EXPECT_FALSE(ParseNetwork("10.0.0/8", fault));
  EXPECT_EQ(fault, NetworkFault::kAddress);
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::/129", "10.0.0.0/-1"}) {
    fault = NetworkFault::kAddress;
    EXPECT_FALSE(ParseNetwork(text, fault)) << text;
    EXPECT_EQ(fault, NetworkFault::kLength) << text;
  }
}

}  // namespace
}  // namespace colmeia::sys
