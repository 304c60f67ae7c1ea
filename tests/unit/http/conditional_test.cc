#include "http/conditional.h"

#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view kLater = "Sun, 06 Nov 1994 08:49:38 GMT";

class ConditionalTest : public ::testing::Test {
 protected:
  Precondition Evaluate(Method method = Method::kGet, IfModifiedSince mode = IfModifiedSince::kExact) const {
    return EvaluatePreconditions(method, request, validators, mode);
  }

  Fields request;
  Validators validators{"\"a\"", 784111777};
};

TEST_F(ConditionalTest, ProceedsWithoutConditions) { EXPECT_EQ(Evaluate(), Precondition::kProceed); }

TEST_F(ConditionalTest, IfMatchWantsOneOfItsTagsStrongly) {
  request.Add("If-Match", "\"b\", \"a\"");
  EXPECT_EQ(Evaluate(), Precondition::kProceed);
  request.Set("If-Match", "W/\"a\"");
  EXPECT_EQ(Evaluate(), Precondition::kFailed);
  request.Set("If-Match", "*");
  EXPECT_EQ(Evaluate(), Precondition::kProceed);
}

TEST_F(ConditionalTest, IfUnmodifiedSinceCountsOnlyWithoutIfMatch) {
  request.Add("If-Unmodified-Since", kEarlier);
  EXPECT_EQ(Evaluate(), Precondition::kFailed);
  request.Add("If-Match", "\"a\"");
  EXPECT_EQ(Evaluate(), Precondition::kProceed);
}

TEST_F(ConditionalTest, IfUnmodifiedSinceHoldsForTheSameAndLaterDates) {
  request.Add("If-Unmodified-Since", kDate);
  EXPECT_EQ(Evaluate(), Precondition::kProceed);
  request.Set("If-Unmodified-Since", kLater);
  EXPECT_EQ(Evaluate(), Precondition::kProceed);
  request.Set("If-Unmodified-Since", "nonsense");
  EXPECT_EQ(Evaluate(), Precondition::kProceed);
}

TEST_F(ConditionalTest, IfNoneMatchComparesWeakly) {
  request.Add("If-None-Match", "\"x\", W/\"a\"");

  EXPECT_EQ(Evaluate(Method::kGet), Precondition::kNotModified);
  EXPECT_EQ(Evaluate(Method::kHead), Precondition::kNotModified);
  EXPECT_EQ(Evaluate(Method::kPut), Precondition::kFailed);
}

TEST_F(ConditionalTest, IfNoneMatchMakesIfModifiedSinceIrrelevant) {
  request.Add("If-None-Match", "\"x\"");
  request.Add("If-Modified-Since", kDate);

  EXPECT_EQ(Evaluate(), Precondition::kProceed);
}

TEST_F(ConditionalTest, IfModifiedSinceIsExactUnlessToldOtherwise) {
  request.Add("If-Modified-Since", kDate);
  EXPECT_EQ(Evaluate(), Precondition::kNotModified);
  EXPECT_EQ(Evaluate(Method::kGet, IfModifiedSince::kOff), Precondition::kProceed);
  EXPECT_EQ(Evaluate(Method::kPost), Precondition::kProceed);
  request.Set("If-Modified-Since", kLater);
  EXPECT_EQ(Evaluate(), Precondition::kProceed);
  EXPECT_EQ(Evaluate(Method::kGet, IfModifiedSince::kBefore), Precondition::kNotModified);
  request.Set("If-Modified-Since", kEarlier);
  EXPECT_EQ(Evaluate(Method::kGet, IfModifiedSince::kBefore), Precondition::kProceed);
}

TEST_F(ConditionalTest, DatesDecideNothingWithoutALastModified) {
  validators.last_modified.reset();
  request.Add("If-Modified-Since", kDate);
  request.Add("If-Unmodified-Since", kEarlier);

  EXPECT_EQ(Evaluate(), Precondition::kProceed);
}

TEST_F(ConditionalTest, AFailedIfMatchComesBeforeIfNoneMatch) {
  request.Add("If-None-Match", "\"a\"");
  request.Add("If-Match", "\"x\"");

  EXPECT_EQ(Evaluate(), Precondition::kFailed);
}

TEST_F(ConditionalTest, IfRangeNamesThisVeryRepresentation) {
  EXPECT_TRUE(IfRangeHolds(request, validators));
  request.Add("If-Range", "\"a\"");
  EXPECT_TRUE(IfRangeHolds(request, validators));
  request.Set("If-Range", kDate);
  EXPECT_TRUE(IfRangeHolds(request, validators));
  for (const std::string_view other : {std::string_view("\"b\""), std::string_view("W/\"a\""), kEarlier, kLater,
                                       std::string_view("nonsense"), std::string_view()}) {
    request.Set("If-Range", other);
    EXPECT_FALSE(IfRangeHolds(request, validators)) << other;
  }
}

// RFC 9110 section 8.8.2.2: the date names no version while its second lasts.
TEST_F(ConditionalTest, IfRangeTakesNoDateThatIsWeak) {
  validators.date_is_weak = true;
  request.Add("If-Range", kDate);
  EXPECT_FALSE(IfRangeHolds(request, validators));
  request.Set("If-Range", "\"a\"");
  EXPECT_TRUE(IfRangeHolds(request, validators));
}

}  // namespace
}  // namespace colmeia::http
