#include "http/method.h"

#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

TEST(MethodTest, FindsEveryMethodByItsOwnName) {
  for (int i = 1; i <= static_cast<int>(Method::kConnect); ++i) {
    const auto method = static_cast<Method>(i);

    EXPECT_FALSE(MethodName(method).empty());
    EXPECT_EQ(FindMethod(MethodName(method)), method) << MethodName(method);
  }
}

TEST(MethodTest, NamesAreCaseSensitive) {
  EXPECT_EQ(FindMethod("get"), Method::kUnknown);
  EXPECT_EQ(FindMethod(""), Method::kUnknown);
  EXPECT_EQ(FindMethod("GETX"), Method::kUnknown);
}

}  // namespace
}  // namespace colmeia::http
