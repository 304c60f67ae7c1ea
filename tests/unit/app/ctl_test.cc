#include "app/ctl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::app {
namespace {

using testing::HasSubstr;

class ControlLineTest : public testing::Test {
 protected:
  static ControlLine Parse(const std::vector<std::string>& arguments) {
    auto line = ParseControlLine(arguments);
    EXPECT_TRUE(line) << line.error().message;
    return line.value_or(ControlLine{});
  }
  static std::string ErrorOf(const std::vector<std::string>& arguments) {
    const auto line = ParseControlLine(arguments);
    return line ? "no error" : line.error().message;
  }
};

TEST_F(ControlLineTest, TakesOptionsBeforeAndAfterTheVerb) {
  const ControlLine line =
      Parse({"-p", "/srv", "-csite.conf", "workers", "8", "--json", "--timeout=1m", "--socket", "/x"});

  EXPECT_EQ(line.compile.prefix, "/srv");
  EXPECT_EQ(line.compile.conf, "site.conf");
  EXPECT_EQ(line.verb, "workers");
  EXPECT_EQ(line.number, 8u);
  EXPECT_TRUE(line.json);
  EXPECT_EQ(line.timeout, std::chrono::minutes(1));
  EXPECT_EQ(line.socket, "/x");
}

TEST_F(ControlLineTest, NeedsNothing) {
  const ControlLine line = Parse({});

  EXPECT_TRUE(line.verb.empty());
  EXPECT_EQ(line.timeout, std::nullopt);
}

TEST_F(ControlLineTest, RefusesWhatItDoesNotUnderstand) {
  EXPECT_THAT(ErrorOf({"--jsn", "status"}), HasSubstr("invalid option: \"--jsn\"; did you mean \"--json\"?"));
  EXPECT_THAT(ErrorOf({"--socket"}), HasSubstr("option \"--socket\" requires PATH"));
  EXPECT_THAT(ErrorOf({"--socket="}), HasSubstr("option \"--socket\" requires PATH"));
  EXPECT_THAT(ErrorOf({"--timeout", "soon", "status"}), HasSubstr("\"--timeout soon\" is no time"));
  EXPECT_THAT(ErrorOf({"workers", "many"}), HasSubstr("\"many\" is no number that \"workers\" takes"));
  EXPECT_THAT(ErrorOf({"workers", "4", "5"}), HasSubstr("\"5\" is no number that \"workers\" takes"));
}

TEST_F(ControlLineTest, TakesTheOptionsOfTrace) {
  const ControlLine line = Parse({"trace", "--follow", "--since", "5m", "--hex", "--last-reload"});

  EXPECT_TRUE(line.follow);
  EXPECT_TRUE(line.last_reload);
  EXPECT_EQ(line.since, "5m");
  EXPECT_EQ(line.format, TraceFormat::kHex);
  EXPECT_EQ(Parse({"trace", "--json"}).format, TraceFormat::kJson);
  EXPECT_EQ(Parse({"trace", "--mermaid"}).format, TraceFormat::kMermaid);
  EXPECT_EQ(Parse({"trace", "--chrome"}).format, TraceFormat::kChrome);
  EXPECT_EQ(Parse({"trace"}).format, TraceFormat::kText);
}

TEST_F(ControlLineTest, AnOptionOfOneVerbIsForNoOther) {
  EXPECT_EQ(ErrorOf({"--follow", "status"}), "option \"--follow\" is for \"colmeia ctl trace\"");
  EXPECT_EQ(ErrorOf({"trace", "--once"}), "option \"--once\" is for \"colmeia ctl top\"");
  EXPECT_EQ(ErrorOf({"--hex"}), "option \"--hex\" is for \"colmeia ctl trace\"");
}

TEST_F(ControlLineTest, TwoFormatsExcludeEachOther) {
  EXPECT_EQ(ErrorOf({"trace", "--hex", "--mermaid"}), "\"--hex\" and \"--mermaid\" exclude each other");
  EXPECT_EQ(ErrorOf({"trace", "--hex", "--hex"}), "no error");
}

TEST_F(ControlLineTest, HelpHasATopic) {
  EXPECT_EQ(Parse({"help", "trace"}).topic, "trace");
  EXPECT_TRUE(Parse({"trace", "-h"}).help);
  EXPECT_TRUE(Parse({"--help"}).help);
  EXPECT_TRUE(Parse({"-?"}).help);
}

TEST_F(ControlLineTest, ALaterValueWins) { EXPECT_EQ(Parse({"-c", "a", "-c", "b"}).compile.conf, "b"); }

}  // namespace
}  // namespace colmeia::app
