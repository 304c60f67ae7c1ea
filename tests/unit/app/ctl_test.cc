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
  EXPECT_THAT(ErrorOf({"--jsn", "status"}), HasSubstr("invalid option: \"--jsn\""));
  EXPECT_THAT(ErrorOf({"--socket"}), HasSubstr("option \"--socket\" requires a value"));
  EXPECT_THAT(ErrorOf({"--socket="}), HasSubstr("option \"--socket\" requires a value"));
  EXPECT_THAT(ErrorOf({"--timeout", "soon", "status"}), HasSubstr("\"--timeout soon\" is no time"));
  EXPECT_THAT(ErrorOf({"workers", "many"}), HasSubstr("\"many\" is no number that \"workers\" takes"));
  EXPECT_THAT(ErrorOf({"workers", "4", "5"}), HasSubstr("\"5\" is no number that \"workers\" takes"));
}

TEST_F(ControlLineTest, ALaterValueWins) { EXPECT_EQ(Parse({"-c", "a", "-c", "b"}).compile.conf, "b"); }

}  // namespace
}  // namespace colmeia::app
