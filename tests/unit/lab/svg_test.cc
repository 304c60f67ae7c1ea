#include "lab/svg.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace colmeia::lab {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

BarChart ChartWith(std::vector<Bar> bars, bool logarithmic = false) {
  BarChart chart;
  chart.title = "A & B";
  chart.unit = Unit::kNanoseconds;
  chart.logarithmic = logarithmic;
  chart.groups = {{"pipe <1>", std::move(bars)}};
  return chart;
}

TEST(AxisTest, ALinearOneBeginsAtZeroAndHasRoundSteps) {
  const Axis axis = AxisFor(ChartWith({{"one", 37, 37}, {"two", 12, 44}}));

  EXPECT_EQ(axis.low, 0);
  EXPECT_EQ(axis.high, 50);
  EXPECT_THAT(axis.ticks, ElementsAre(0, 10, 20, 30, 40, 50));
  EXPECT_EQ(axis.Position(25), 0.5);
}

TEST(AxisTest, ALogarithmicOneHasWholeDecadesAroundAllValues) {
  const Axis axis = AxisFor(ChartWith({{"one", 250, 9000}, {"two", 0, 0}}, true));

  EXPECT_THAT(axis.ticks, ElementsAre(DoubleNear(100, 1e-9), DoubleNear(1000, 1e-9), DoubleNear(10000, 1e-9)));
  EXPECT_NEAR(axis.Position(1000), 0.5, 1e-9);
}

TEST(AxisTest, NothingLiesOutside) {
  const Axis axis = AxisFor(ChartWith({{"one", 100, 100}}, true));

  EXPECT_EQ(axis.Position(0), 0);
  EXPECT_EQ(axis.Position(1e12), 1);
  EXPECT_GT(axis.high, axis.low);
}

TEST(AxisTest, OfNothingButZeroesIsStillAnAxis) {
  const Axis axis = AxisFor(ChartWith({{"one", 0, 0}}));

  EXPECT_GT(axis.high, 0);
  EXPECT_EQ(axis.Position(0), 0);
}

TEST(SvgTest, EveryBarHasItsColourAndItsNumber) {
  const std::string svg = RenderSvg(ChartWith({{"one", 1500, 1500}, {"two", 20e3, 3e6}}));

  EXPECT_THAT(svg, HasSubstr("<rect class=one "));
  EXPECT_THAT(svg, HasSubstr("<rect class=two "));
  EXPECT_THAT(svg, HasSubstr(">1.50 us</text>"));
  EXPECT_THAT(svg, HasSubstr(">20 us … 3 ms</text>"));
}

TEST(SvgTest, TheScaleSaysWhatItCountsAndHow) {
  EXPECT_THAT(RenderSvg(ChartWith({{"one", 1500, 1500}}, true)), HasSubstr(">time, logarithmic</text>"));
  EXPECT_THAT(RenderSvg(ChartWith({{"one", 1500, 1500}})), HasSubstr(">time, linear</text>"));
  EXPECT_EQ(ScaleText(Axis{}, Unit::kTimes), "times, linear");
}

TEST(SvgTest, ALineGoesOnOnlyWhereThereIsMore) {
  EXPECT_THAT(RenderSvg(ChartWith({{"one", 1500, 1500}})), Not(HasSubstr("<path class=one")));
  EXPECT_THAT(RenderSvg(ChartWith({{"one", 1500, 1501}})), HasSubstr("<path class=one"));
}

TEST(SvgTest, TextsAreEscaped) {
  const std::string svg = RenderSvg(ChartWith({{"one", 1, 1}}));

  EXPECT_THAT(svg, HasSubstr("aria-label=\"A &amp; B\""));
  EXPECT_THAT(svg, HasSubstr("pipe &lt;1&gt;"));
  EXPECT_THAT(svg, Not(HasSubstr("<1>")));
}

}  // namespace
}  // namespace colmeia::lab
