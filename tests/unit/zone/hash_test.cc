#include "zone/hash.h"

#include <string>

#include <gtest/gtest.h>

namespace colmeia::zone {
namespace {

// The paper's key: the bytes 00 to 0f.
constexpr HashKey kKey = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

std::string CountingBytes(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST(SipHashTest, GivesTheValuesOfItsAuthors) {
  EXPECT_EQ(SipHash(kKey, ""), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(SipHash(kKey, CountingBytes(1)), 0x74f839c593dc67fdu);
  EXPECT_EQ(SipHash(kKey, CountingBytes(8)), 0x93f5f5799a932462u);
  EXPECT_EQ(SipHash(kKey, CountingBytes(15)), 0xa129ca6149be45e5u);
}

TEST(SipHashTest, DependsOnItsKey) { EXPECT_NE(SipHash(kKey, "192.0.2.1"), SipHash({1, 2}, "192.0.2.1")); }

}  // namespace
}  // namespace colmeia::zone
