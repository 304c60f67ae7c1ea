#include "http/list.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

TEST(ListTest, SkipsEmptyElementsAndWhiteSpace) {
  std::vector<std::string> elements;

  ForEachElement(" a ,,\tb\t, ,c,", [&](std::string_view element) { elements.emplace_back(element); });

  EXPECT_THAT(elements, ::testing::ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace colmeia::http
