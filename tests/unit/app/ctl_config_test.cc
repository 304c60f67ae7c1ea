#include "app/ctl_config.h"

#include <gmock/gmock.h>

#include "config/source.h"

namespace colmeia::app {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

std::string SourceOf(std::string text) { return config::Source::FromText("/etc/a.conf", std::move(text)).Serialise(); }

TEST(ConfigurationTextTest, HasThePlaceOfEachValue) {
  const auto text = ConfigurationText({4, SourceOf("daemon off;\nworker_processes 2;\n"), 0});

  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, HasSubstr("generation 4"));
  EXPECT_THAT(*text, ContainsRegex("\nworker_processes 2; +# /etc/a.conf:2\n"));
  EXPECT_THAT(*text, ContainsRegex(" +# default\n"));
}

TEST(ConfigurationTextTest, PlacesStayWhereBytesWereReplaced) {
  const auto text = ConfigurationText(
      control::MakeConfiguration(1, SourceOf("# caf\xe9 \xf0\x9f\ndaemon off;\nworker_processes 2;\n")));

  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, ContainsRegex("\nworker_processes 2; +# /etc/a.conf:3\n"));
}

TEST(ConfigurationTextTest, WhatAnotherVersionSaysIsNotGuessedAt) {
  const auto text = ConfigurationText({1, "colmeia-config 9000\n", 0});

  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("may be of another version"));
}

TEST(ConfigurationTextTest, AnyBytesAreTextOrAnError) {
  const std::string whole = SourceOf("http { server { listen 80; } }\n");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(ConfigurationText({1, whole.substr(0, length), 0})) << length;
  }
  EXPECT_TRUE(ConfigurationText({1, SourceOf("http { server {\n"), 0}));
}

}  // namespace
}  // namespace colmeia::app
