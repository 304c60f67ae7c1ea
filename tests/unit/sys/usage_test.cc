#include "sys/usage.h"

#include <vector>

#include <gtest/gtest.h>

namespace colmeia::sys {
namespace {

TEST(UsageMeterTest, TimeGrowsWithWork) {
  const UsageMeter meter;
  const Usage before = meter.Read();

  volatile unsigned sum = 0;
  while (meter.Read().cpu_us < before.cpu_us + 2000) sum = sum + 1;

  EXPECT_GE(meter.Read().cpu_us, before.cpu_us + 2000);
}

TEST(UsageMeterTest, MemoryGrowsWithWhatIsTouched) {
  constexpr std::size_t kSize = 32 << 20;
  const UsageMeter meter;
  const Usage before = meter.Read();

  const std::vector<char> touched(kSize, 'x');

  EXPECT_GE(meter.Read().rss_bytes, before.rss_bytes + kSize / 2);
  EXPECT_EQ(touched.back(), 'x');
}

}  // namespace
}  // namespace colmeia::sys
