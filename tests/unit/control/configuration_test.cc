#include "control/configuration.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control/json.h"

namespace colmeia::control {
namespace {

class ConfigurationTest : public testing::Test {};

TEST_F(ConfigurationTest, ComesBackFromJsonAsItWas) {
  std::string source = "# caf\xc3\xa9 \"quoted\" \\ and \t tabs\n";
  source.push_back('\0');
  const Configuration configuration = MakeConfiguration(3, source);

  EXPECT_EQ(configuration, (Configuration{3, source, 0}));
  const auto read = ReadConfiguration(ConfigurationJson(configuration));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, configuration);
}

TEST_F(ConfigurationTest, BytesThatAreNoTextAreReplacedOneForOne) {
  // Three bytes of a character of four, a lone 0xff, and Latin-1's e with an acute accent.
  const Configuration configuration = MakeConfiguration(1,
                                                        "a\xf0\x9f\x90"
                                                        "b\xff"
                                                        "c caf\xe9;\n");

  EXPECT_EQ(configuration.source, "a???b?c caf?;\n");
  EXPECT_EQ(configuration.replaced, 5u);
  EXPECT_EQ(*ReadConfiguration(ConfigurationJson(configuration)), configuration);
}

// The worst that JSON does to a byte is six of them.
TEST_F(ConfigurationTest, TheLargestFitsIntoWhatAClientTakes) {
  const std::string json = ConfigurationJson(MakeConfiguration(1, std::string(Configuration::kMostBytes, '\1')));

  EXPECT_LT(json.size(), 64U * 1024 * 1024);
}

TEST_F(ConfigurationTest, WhatIsNoConfigurationIsRefused) {
  EXPECT_FALSE(ReadConfiguration("[]"));
  EXPECT_FALSE(ReadConfiguration(R"({"source":7})"));
}

}  // namespace
}  // namespace colmeia::control
