#include "config/effective.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_modules.h"

namespace colmeia::config {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(EffectiveTest, TellsWhereEachValueWasSaid) {
  const Source source(
      {{"/etc/a.conf", "daemon off;\nhttp {\n  include b;\n}\n"}, {"/etc/b", "max_age \"5s\"; # five\n"}},
      {{0, 0, 21}, {1, 0, 21}, {0, 31, 3}});

  const std::string page = Effective(source, SampleRegistry());

  EXPECT_THAT(page, HasSubstr("daemon off;                                                      # /etc/a.conf:1\n"
                              "http {                                                           # /etc/a.conf:2\n"
                              "    max_age \"5s\";                                                # /etc/b:1\n"));
  EXPECT_THAT(page, Not(HasSubstr("five")));
}

TEST(EffectiveTest, TellsTheDefaultsOfWhatNobodySaid) {
  const std::string page = Effective(Source::FromText("/a.conf", "http { }"), SampleRegistry());

  EXPECT_THAT(page, HasSubstr("daemon on;                                                       # default\n"));
  EXPECT_THAT(page, HasSubstr("    max_age 0;                                                   # default\n"));
}

TEST(EffectiveTest, WhatIsWrittenHasNoDefaultBesideIt) {
  const std::string page = Effective(Source::FromText("/a.conf", "daemon off; http { max_age 7s; }"), SampleRegistry());

  EXPECT_THAT(page, Not(HasSubstr("daemon on")));
  EXPECT_THAT(page, Not(HasSubstr("max_age 0")));
}

}  // namespace
}  // namespace colmeia::config
