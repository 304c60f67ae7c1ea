#include "util/options.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::util {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr OptionRow kOptions[] = {
    {"-h", "", "", "this help"},          {"-t", "", "", "check"},
    {"-q", "", "", "say little"},         {"-c", "FILE", "", "the configuration"},
    {"--json", "", "", "as JSON"},        {"--socket", "PATH", "", "the socket"},
    {"--socket-mode", "MODE", "", "its"}, {"-?", "", "", "this help, too"},
};

// "option=value" and "word" of each, then "! error".
std::vector<std::string> Read(const std::vector<std::string>& arguments) {
  OptionReader reader(kOptions, arguments, "program");
  std::vector<std::string> out;
  for (;;) {
    const auto item = reader.Next();
    if (!item) {
      out.push_back("! " + item.error().message);
      return out;
    }
    if (!*item) return out;
    const auto& [option, text] = **item;
    out.push_back(option == nullptr       ? text
                  : option->value.empty() ? std::string(option->name)
                                          : std::string(option->name) + "=" + text);
  }
}

TEST(OptionReaderTest, NothingIsNothing) { EXPECT_THAT(Read({}), IsEmpty()); }

TEST(OptionReaderTest, WordsMayStandBetweenOptions) {
  EXPECT_THAT(Read({"a", "-t", "b", "--json", ""}), ElementsAre("a", "-t", "b", "--json", ""));
}

TEST(OptionReaderTest, AValueFollowsOrIsAttached) {
  EXPECT_THAT(Read({"-c", "x", "-cy", "--socket", "z", "--socket=w", "--socket-mode=1"}),
              ElementsAre("-c=x", "-c=y", "--socket=z", "--socket=w", "--socket-mode=1"));
  EXPECT_THAT(Read({"-c", "-t", "--socket", "--json"}), ElementsAre("-c=-t", "--socket=--json"));
  EXPECT_THAT(Read({"--socket=a=b"}), ElementsAre("--socket=a=b"));
}

TEST(OptionReaderTest, LettersMayStandTogetherAndAValueEndsThem) {
  EXPECT_THAT(Read({"-tq", "-tqcx", "-qc", "x", "w"}), ElementsAre("-t", "-q", "-t", "-q", "-c=x", "-q", "-c=x", "w"));
}

TEST(OptionReaderTest, BehindTwoDashesAllAreWords) {
  EXPECT_THAT(Read({"-t", "--", "-t", "--", "--json"}), ElementsAre("-t", "-t", "--", "--json"));
}

TEST(OptionReaderTest, HelpHasOtherNames) { EXPECT_THAT(Read({"--help", "-?", "-h"}), ElementsAre("-h", "-?", "-h")); }

TEST(OptionReaderTest, AMissingValueIsToldByItsName) {
  EXPECT_THAT(Read({"-t", "-c"}), ElementsAre("-t", "! option \"-c\" requires FILE"));
  EXPECT_THAT(Read({"--socket"}), ElementsAre("! option \"--socket\" requires PATH"));
  EXPECT_THAT(Read({"--socket="}), ElementsAre("! option \"--socket\" requires PATH"));
  EXPECT_THAT(Read({"-c", ""}), ElementsAre("! option \"-c\" requires FILE"));
}

TEST(OptionReaderTest, AnUnknownOneIsToldWithOneThatIsClose) {
  EXPECT_THAT(Read({"-x"}), ElementsAre("! invalid option: \"-x\"; see program -h"));
  EXPECT_THAT(Read({"-tx"}), ElementsAre("-t", "! invalid option: \"-tx\"; see program -h"));
  EXPECT_THAT(Read({"-"}), ElementsAre("! invalid option: \"-\"; see program -h"));
  EXPECT_THAT(Read({"--sokcet"}), ElementsAre("! invalid option: \"--sokcet\"; did you mean \"--socket\"?"));
  EXPECT_THAT(Read({"--json=yes"}), ElementsAre("! invalid option: \"--json=yes\"; see program -h"));
}

TEST(OptionLineTest, HasTheNameOfTheValue) {
  EXPECT_EQ(OptionLine(kOptions[3], 10), "  -c FILE   the configuration\n");
  EXPECT_EQ(OptionLine(kOptions[4], 10), "  --json    as JSON\n");
}

}  // namespace
}  // namespace colmeia::util
