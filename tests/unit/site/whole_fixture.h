// The main context of a configuration written in the test.
#pragma once

#include <filesystem>
#include <string>

#include <gmock/gmock.h>

#include "pipeline/site_fixture.h"

namespace colmeia::site {

class WholeTest : public pipeline::SiteTest {
 protected:
  // Builds `text` as a whole configuration. The prefix is `folder`.
  void Configure(const std::string& text) {
    Load(text);
    ASSERT_NE(site, nullptr) << mistakes;
  }

  // What is wrong with it.
  [[nodiscard]] std::string ErrorsOfWhole(const std::string& text) {
    Load(text);
    return mistakes;
  }

  const std::filesystem::path folder{"/srv"};
};

}  // namespace colmeia::site
