#include "lab/report.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace colmeia::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

constexpr Column kColumns[] = {{"p50", "p50", Unit::kNanoseconds}, {"size", "in use", Unit::kBytes}};
constexpr Chart kCharts[] = {{"How long", "p50", "", false, "Shorter <is> better."}};
constexpr Family kFamily{"things", "Things & such", "About them.", kColumns, kCharts};

Exhibit MakeExhibit(std::string_view name, std::string_view title) {
  Exhibit exhibit;
  exhibit.name = name;
  exhibit.title = title;
  exhibit.what = "what it <is>";
  exhibit.used_in = "src/lab/main.cc";
  exhibit.family = &kFamily;
  return exhibit;
}

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() {
    report.machine = {"A <fast> one", "Linux 6", {0, 3}, std::size_t{8} << 30, false};
    report.placements = {one, two};
    report.started = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000));
    report.took = std::chrono::milliseconds(1250);
  }

  void Measured(const Exhibit& exhibit, const Placement& placement, std::vector<double> values, std::string note = "") {
    Finding finding{&exhibit, placement, {}};
    finding.result.state = StageResult::State::kMeasured;
    finding.result.measured = {std::move(values), std::move(note)};
    report.findings.push_back(std::move(finding));
  }

  void Unavailable(const Exhibit& exhibit, const Placement& placement, std::string why) {
    Finding finding{&exhibit, placement, {}};
    finding.result.why = std::move(why);
    report.findings.push_back(std::move(finding));
  }

  const Placement one{"one", "one core", {0}};
  const Placement two{"two", "two cores", {0, 3}};
  const Exhibit first = MakeExhibit("first", "the first");
  const Exhibit second = MakeExhibit("second", "the second");
  Report report;
};

TEST(FormatValueTest, ChoosesTheUnitThatLeavesThreeDigits) {
  EXPECT_EQ(FormatValue(0.56, Unit::kNanoseconds), "0.56 ns");
  EXPECT_EQ(FormatValue(999, Unit::kNanoseconds), "999 ns");
  EXPECT_EQ(FormatValue(1234, Unit::kNanoseconds), "1.23 us");
  EXPECT_EQ(FormatValue(12'345'678, Unit::kNanoseconds), "12.3 ms");
  EXPECT_EQ(FormatValue(2e9, Unit::kNanoseconds), "2 s");
  EXPECT_EQ(FormatValue(1.5e6, Unit::kPerSecond), "1.50 M/s");
  EXPECT_EQ(FormatValue(2.5e9, Unit::kBytesPerSecond), "2.50 GB/s");
  EXPECT_EQ(FormatValue(65536, Unit::kBytes), "64 KiB");
  EXPECT_EQ(FormatValue(0, Unit::kBytes), "0 B");
}

TEST(FormatValueTest, CountsAreWholeWhereTheyAre) {
  EXPECT_EQ(FormatValue(4, Unit::kCount), "4");
  EXPECT_EQ(FormatValue(4.26, Unit::kCount), "4.3");
  EXPECT_EQ(FormatValue(0.0042, Unit::kCount), "0.004");
  EXPECT_EQ(FormatValue(12.34, Unit::kPercent), "12.3 %");
  EXPECT_EQ(FormatValue(1.5, Unit::kTimes), "1.50");
}

TEST(FormatValueTest, WhatWasNotMeasuredIsADash) {
  EXPECT_EQ(FormatValue(kNone, Unit::kCount), "-");
  EXPECT_EQ(FormatValue(std::numeric_limits<double>::infinity(), Unit::kPerSecond), "-");
}

TEST_F(ReportTest, ATableNamesEachExhibitOnceAndAlignsItsNumbers) {
  Measured(first, one, {1500, 4096});
  Measured(first, two, {25, kNone});
  Measured(second, one, {3, 1});

  EXPECT_EQ(TextReport(report),
            "Things & such\n"
            "              cores      p50  in use\n"
            "  the first   one    1.50 us   4 KiB\n"
            "              two      25 ns       -\n"
            "  the second  one       3 ns     1 B\n"
            "\n");
}

TEST_F(ReportTest, SaysOnceWhatHoldsEverywhere) {
  Measured(first, one, {1, 1}, "the same");
  Measured(first, two, {1, 1}, "the same");
  Measured(second, one, {1, 1}, "here");
  Unavailable(second, two, "may not");

  EXPECT_THAT(Remarks(kFamily, report), ElementsAre("the first: the same", "the second, one core: here",
                                                    "the second, two cores: not measured: may not"));
}

TEST_F(ReportTest, JsonHoldsPlainNumbersAndNullForNone) {
  Measured(first, one, {1500.5, kNone}, "a \"note\"");
  Unavailable(first, two, "may not");

  const std::string json = JsonReport(report);

  EXPECT_THAT(json, HasSubstr("\"started\": \"2023-11-14T22:13:20Z\""));
  EXPECT_THAT(json, HasSubstr("\"seconds\": 1.25"));
  EXPECT_THAT(json, HasSubstr("\"p50\": 1500.5"));
  EXPECT_THAT(json, HasSubstr("\"size\": null"));
  EXPECT_THAT(json, HasSubstr("\"note\": \"a \\\"note\\\"\""));
  EXPECT_THAT(json, HasSubstr("\"why\": \"may not\""));
  EXPECT_THAT(json, HasSubstr("\"unit\": \"ns\""));
}

TEST_F(ReportTest, ThePageHasTheMachineEachExhibitAndItsNumbers) {
  Measured(first, one, {1500, 4096});
  Unavailable(second, one, "may <not>");

  const std::string html = HtmlReport(report);

  EXPECT_THAT(html, HasSubstr("A &lt;fast&gt; one"));
  EXPECT_THAT(html, HasSubstr("one core: CPU 0; two cores: CPUs 0 and 3"));
  EXPECT_THAT(html, HasSubstr("<h2>Things &amp; such</h2>"));
  EXPECT_THAT(html, HasSubstr(">the first</th>"));
  EXPECT_THAT(html, HasSubstr("<td>1.50 us</td><td>4 KiB</td>"));
  EXPECT_THAT(html, HasSubstr("not measured: may &lt;not&gt;"));
  EXPECT_THAT(html, HasSubstr("what it &lt;is&gt;"));
  EXPECT_THAT(html, HasSubstr("<svg "));
  EXPECT_THAT(html, HasSubstr("<p class=tells>Shorter &lt;is&gt; better.</p>"));
}

TEST_F(ReportTest, ThePageNeedsNothingFromOutside) {
  Measured(first, one, {1500, 4096});

  const std::string html = HtmlReport(report);

  for (const char* const outside : {"http:", "https:", "src=", "<script", "<link", "@import", "url("}) {
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  }
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
}

TEST_F(ReportTest, ThePageSaysWhenNumbersAreNotWorthMuch) {
  EXPECT_THAT(HtmlReport(report), Not(HasSubstr("class=warning")));
  report.quick = true;
  report.machine.sanitized = true;
  report.placements = {one};

  const std::string html = HtmlReport(report);

  EXPECT_THAT(html, HasSubstr("a tenth of the samples"));
  EXPECT_THAT(html, HasSubstr("a build with sanitizers"));
  EXPECT_THAT(html, HasSubstr("one CPU only"));
}

}  // namespace
}  // namespace colmeia::lab
