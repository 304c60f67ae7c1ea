#include "lab/json.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "util/json_writer.h"

namespace colmeia::lab {
namespace {

TEST(ParseFlatObjectTest, ReadsWhatTheWriterWrote) {
  util::JsonWriter json(util::JsonWriter::Form::kIndented);
  json.BeginObject().Member("text", "a\"\\\t\x02/\x7f\xff").Member("number", -12.5e3).Member("yes", true);
  json.Member("no", false).End();

  const auto members = ParseFlatObject(json.text());

  ASSERT_TRUE(members) << members.error().message;
  EXPECT_EQ(*members, (JsonMembers{{"text", "a\"\\\t\x02/\x7fÿ"}, {"number", -12500.0}, {"yes", true}, {"no", false}}));
}

TEST(ParseFlatObjectTest, SkipsWhiteSpaceAndUnderstandsEscapes) {
  const auto members = ParseFlatObject(" { \"a\" :\t\"\\u0041\\n\\/\" , \"b\":0\r\n} ");

  ASSERT_TRUE(members) << members.error().message;
  EXPECT_EQ(*members, (JsonMembers{{"a", "A\n/"}, {"b", 0.0}}));
}

TEST(ParseFlatObjectTest, RefusesWhatIsNoFlatObject) {
  for (const char* const text : {"",
                                 "{",
                                 "[]",
                                 "1",
                                 "{} x",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{\"a\":1,}",
                                 "{a:1}",
                                 "{\"a\":01}",
                                 "{\"a\":1.}",
                                 "{\"a\":inf}",
                                 "{\"a\":-}",
                                 "{\"a\":+1}",
                                 "{\"a\":nul}",
                                 "{\"a\":null}",
                                 "{\"a\":{}}",
                                 "{\"a\":[1]}",
                                 "{\"a\":\"x}",
                                 "{\"a\":\"\\x\"}",
                                 "{\"a\":\"\\u12\"}",
                                 "{\"a\":\"\\ud800\"}",
                                 "{\"a\":\"\n\"}",
                                 "{\"a\":1 \"b\":2}",
                                 "{\"a\":tru"}) {
    EXPECT_FALSE(ParseFlatObject(text)) << text;
  }
}

TEST(ParseFlatObjectTest, SaysWhereItWentWrong) {
  EXPECT_EQ(ParseFlatObject("{\"a\":1,}").error().message, "at offset 7: a name was expected");
}

}  // namespace
}  // namespace colmeia::lab
