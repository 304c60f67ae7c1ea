#include "http/range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RangeTest : public ::testing::Test {
 protected:
  RangeVerdict Parse(std::string_view value, std::uint64_t size = 10, std::size_t most = kUnlimitedRanges) {
    return ParseRanges(value, size, most, ranges);
  }

  std::vector<ByteRange> ranges;
};

TEST_F(RangeTest, ReadsTheThreeKindsOfRange) {
  EXPECT_EQ(Parse("bytes=2-4"), RangeVerdict::kPartial);
  EXPECT_THAT(ranges, ElementsAre(ByteRange{2, 5}));
  EXPECT_EQ(Parse("bytes=7-"), RangeVerdict::kPartial);
  EXPECT_THAT(ranges, ElementsAre(ByteRange{7, 10}));
  EXPECT_EQ(Parse("bytes=-3"), RangeVerdict::kPartial);
  EXPECT_THAT(ranges, ElementsAre(ByteRange{7, 10}));
}

TEST_F(RangeTest, CutsWhatReachesBeyondTheEnd) {
  EXPECT_EQ(Parse("bytes=8-99"), RangeVerdict::kPartial);
  EXPECT_THAT(ranges, ElementsAre(ByteRange{8, 10}));
  EXPECT_EQ(Parse("bytes=-99"), RangeVerdict::kPartial);
  EXPECT_THAT(ranges, ElementsAre(ByteRange{0, 10}));
  EXPECT_EQ(Parse("bytes=0-9223372036854775807"), RangeVerdict::kPartial);
  EXPECT_THAT(ranges, ElementsAre(ByteRange{0, 10}));
}

TEST_F(RangeTest, KeepsSeveralInTheirOrder) {
  EXPECT_EQ(Parse("BYTES= 4-5 , 0 - 1 ,-1"), RangeVerdict::kPartial);
  EXPECT_THAT(ranges, ElementsAre(ByteRange{4, 6}, ByteRange{0, 2}, ByteRange{9, 10}));
}

TEST_F(RangeTest, DropsThoseOutsideWhileOneIsInside) {
  EXPECT_EQ(Parse("bytes=10-,20-30,-0,3-2,1-1"), RangeVerdict::kPartial);
  EXPECT_THAT(ranges, ElementsAre(ByteRange{1, 2}));
}

TEST_F(RangeTest, CannotSatisfyWhenAllAreOutside) {
  for (const char* value : {"bytes=10-", "bytes=10-12", "bytes=-0", "bytes=3-2"}) {
    EXPECT_EQ(Parse(value), RangeVerdict::kNotSatisfiable) << value;
  }
}

TEST_F(RangeTest, CannotSatisfyWhatIsMalformedAsNginxSays) {
  for (const char* value :
       {"bytes=", "bytes=-", "bytes=a", "bytes=1", "bytes=1-2x", "bytes=1-2,", "bytes=,1-2", "bytes=1--2",
        "bytes=99999999999999999999-", "bytes=0-99999999999999999999", "bytes=1-2 3"}) {
    EXPECT_EQ(Parse(value), RangeVerdict::kNotSatisfiable) << value;
  }
}

TEST_F(RangeTest, SendsTheWholeForOtherUnits) {
  for (const char* value : {"", "lines=1-2", "bytes", "bytes 1-2"}) {
    EXPECT_EQ(Parse(value), RangeVerdict::kWhole) << value;
  }
}

TEST_F(RangeTest, SendsTheWholeWhenTheRangesTogetherAreLarger) {
  EXPECT_EQ(Parse("bytes=0-4,5-9"), RangeVerdict::kPartial);
  EXPECT_EQ(Parse("bytes=0-5,5-9"), RangeVerdict::kWhole);
  EXPECT_EQ(Parse("bytes=0-,0-,0-"), RangeVerdict::kWhole);
}

TEST_F(RangeTest, SumsWithoutOverflow) {
  const auto size = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

  EXPECT_EQ(Parse("bytes=0-,0-,0-,0-,0-", size), RangeVerdict::kWhole);
}

TEST_F(RangeTest, SendsTheWholeBeyondTheAllowedNumber) {
  EXPECT_EQ(Parse("bytes=0-0,1-1", 10, 2), RangeVerdict::kPartial);
  EXPECT_EQ(Parse("bytes=0-0,1-1,2-2", 10, 2), RangeVerdict::kWhole);
  EXPECT_EQ(Parse("bytes=0-0", 10, 0), RangeVerdict::kWhole);
}

TEST_F(RangeTest, SendsTheWholeOfNothing) {
  EXPECT_EQ(Parse("bytes=0-", 0), RangeVerdict::kWhole);
  EXPECT_EQ(Parse("bytes=-1", 0), RangeVerdict::kWhole);
  EXPECT_EQ(Parse("bytes=1-", 0), RangeVerdict::kNotSatisfiable);
  EXPECT_THAT(ranges, IsEmpty());
}

}  // namespace
}  // namespace colmeia::http
