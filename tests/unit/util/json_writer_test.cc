#include "util/json_writer.h"

#include <limits>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace colmeia::util {
namespace {

using namespace std::string_view_literals;
using Form = JsonWriter::Form;

TEST(JsonWriterTest, PutsCommasAndIndentationWhereTheyBelong) {
  JsonWriter json(Form::kIndented);
  json.BeginObject().Member("a", -1).Key("b").BeginArray().Value(1.5).Value("x").Value(true).End();
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

TEST(JsonWriterTest, OneLineHasNoWhiteSpace) {
  JsonWriter json;
  json.BeginArray().BeginObject().Member("a", false).End().Value(2).BeginObject().End().End();

  EXPECT_EQ(json.Take(), R"([{"a":false},2,{}])");
}

TEST(JsonWriterTest, EscapesWhatATextMayNotHold) {
  JsonWriter json;
  json.BeginObject().Member("\"k\"", "\"\\\n\x01\0ü\xff"sv).End();

  EXPECT_EQ(json.Take(), R"({"\"k\"":"\"\\\n\u0001\u0000ü\u00FF"})");
}

TEST(JsonWriterTest, WhatIsNoNumberIsNull) {
  JsonWriter json;
  json.BeginArray();
  json.Value(std::numeric_limits<double>::quiet_NaN()).Value(std::numeric_limits<double>::infinity()).Value(0.1);

  EXPECT_EQ(json.End().Take(), "[null,null,0.1]");
}

TEST(JsonWriterTest, WholeNumbersAreExact) {
  JsonWriter json;
  json.BeginArray().Value(std::numeric_limits<std::uint64_t>::max()).Value(std::numeric_limits<std::int64_t>::min());
  json.Value(std::uint8_t{7}).Raw("1.500").End();

  EXPECT_EQ(json.Take(), "[18446744073709551615,-9223372036854775808,7,1.500]");
}

TEST(JsonWriterTest, WhatIsNotThereIsNull) {
  JsonWriter json;
  json.BeginObject().Member("a", std::optional<std::uint64_t>()).Member("b", std::optional<std::uint64_t>(3));
  json.Member("c", std::optional<std::string>("x")).Key("d").Null().End();

  EXPECT_EQ(json.Take(), R"({"a":null,"b":3,"c":"x","d":null})");
}

TEST(JsonWriterTest, CanBeUsedAgainOnceItsTextIsTaken) {
  JsonWriter json;
  EXPECT_EQ(json.Value(1).Take(), "1");
  EXPECT_EQ(json.Value(2).Take(), "2");
}

TEST(JsonWriterDeathTest, RefusesWhatIsNoJson) {
  EXPECT_DEATH(JsonWriter().Key("a"), "");
  EXPECT_DEATH(JsonWriter().BeginArray().Key("a"), "");
  EXPECT_DEATH(JsonWriter().End(), "");
  EXPECT_DEATH(JsonWriter().BeginObject().Key("a").End(), "");
  EXPECT_DEATH(static_cast<void>(JsonWriter().BeginObject().Take()), "");
}

}  // namespace
}  // namespace colmeia::util
