#include "lab/json.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace colmeia::lab {
namespace {

TEST(JsonWriterTest, PutsCommasAndIndentationWhereTheyBelong) {
  JsonWriter json;
  json.BeginObject().Key("a").Integer(-1).Key("b").BeginArray().Number(1.5).String("x").Bool(true).End();
  json.Key("empty").BeginArray().End().End();

  EXPECT_EQ(json.text(),
            "{\n"
            "  \"a\": -1,\n"
            "  \"b\": [\n"
            "    1.5,\n"
            "    \"x\",\n"
            "    true\n"
            "  ],\n"
            "  \"empty\": []\n"
            "}");
}

TEST(JsonWriterTest, CompactHasNoWhiteSpace) {
  JsonWriter json(/*compact=*/true);
  json.BeginArray().BeginObject().Key("a").Bool(false).End().Integer(2).End();

  EXPECT_EQ(json.text(), R"([{"a":false},2])");
}

TEST(JsonWriterTest, EscapesWhatAStringMayNotHold) {
  JsonWriter json;
  json.String(std::string_view("\"\\\n\x01\0ü", 7));

  EXPECT_EQ(json.text(), "\"\\\"\\\\\\u000a\\u0001\\u0000ü\"");
}

TEST(JsonWriterTest, WhatIsNoNumberIsNull) {
  JsonWriter json(/*compact=*/true);
  json.BeginArray();
  json.Number(std::numeric_limits<double>::quiet_NaN()).Number(std::numeric_limits<double>::infinity()).Number(0.1);

  EXPECT_EQ(json.End().text(), "[null,null,0.1]");
}

TEST(ParseFlatObjectTest, ReadsWhatTheWriterWrote) {
  JsonWriter json;
  json.BeginObject().Key("text").String("a\"\\\t\x02/").Key("number").Number(-12.5e3).Key("yes").Bool(true);
  json.Key("no").Bool(false).End();

  const auto members = ParseFlatObject(json.text());

  ASSERT_TRUE(members) << members.error().message;
  EXPECT_EQ(*members, (JsonMembers{{"text", "a\"\\\t\x02/"}, {"number", -12500.0}, {"yes", true}, {"no", false}}));
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
