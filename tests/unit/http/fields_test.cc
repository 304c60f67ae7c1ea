#include "http/fields.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "util/strings.h"

namespace colmeia::http {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Lines(const Fields& fields) {
  std::vector<std::string> lines;
  for (const Field& field : fields) lines.push_back(std::string(field.name) + ": " + std::string(field.value));
  return lines;
}

TEST(HeaderIdTest, FindsEveryNameInAnyCase) {
  for (int i = 1; i < static_cast<int>(HeaderId::kCount); ++i) {
    const auto id = static_cast<HeaderId>(i);
    std::string upper(HeaderName(id));
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;

    EXPECT_EQ(FindHeaderId(HeaderName(id)), id) << HeaderName(id);
    EXPECT_EQ(FindHeaderId(util::Lowercase(HeaderName(id))), id) << HeaderName(id);
    EXPECT_EQ(FindHeaderId(upper), id) << upper;
  }
}

TEST(HeaderIdTest, KnowsNoOtherNames) {
  for (const char* name : {"", "a", "Hos", "Hosts", "Content\rLength", "Content_Length", "X-Anything", "Hosu"}) {
    EXPECT_EQ(FindHeaderId(name), HeaderId::kOther) << name;
  }
}

TEST(FieldsTest, KeepsTheOrderOfArrivalAndFindsTheFirst) {
  Fields fields;
  fields.Add("Accept", "a");
  fields.Add("X-One", "1");
  fields.Add("accept", "b");

  EXPECT_THAT(Lines(fields), ElementsAre("Accept: a", "X-One: 1", "accept: b"));
  EXPECT_EQ(fields.Value(HeaderId::kAccept), "a");
  EXPECT_EQ(fields.Find("x-ONE")->value, "1");
  EXPECT_EQ(fields.Find("ACCEPT")->value, "a");
}

TEST(FieldsTest, SaysWhatIsMissing) {
  Fields fields;
  fields.Add("X-One", "1");

  EXPECT_EQ(fields.Find(HeaderId::kHost), nullptr);
  EXPECT_EQ(fields.Find("X-Two"), nullptr);
  EXPECT_EQ(fields.Value(HeaderId::kHost), "");
  EXPECT_FALSE(fields.Has(HeaderId::kHost));
}

TEST(FieldsTest, SetLeavesExactlyOne) {
  Fields fields;
  fields.Add("Vary", "a");
  fields.Add("X-One", "1");
  fields.Add("vary", "b");

  fields.Set(HeaderId::kVary, "c");
  fields.Set("x-one", "2");
  fields.Set("X-Two", "3");
  fields.Set(HeaderId::kExpires, "4");

  EXPECT_THAT(Lines(fields), ElementsAre("Vary: c", "X-One: 2", "X-Two: 3", "Expires: 4"));
}

TEST(FieldsTest, RemoveTakesAllOfAName) {
  Fields fields;
  fields.Add("Vary", "a");
  fields.Add("X-One", "1");
  fields.Add("vary", "b");
  fields.Add("x-one", "2");

  EXPECT_EQ(fields.Remove(HeaderId::kVary), 2U);
  EXPECT_EQ(fields.Remove(HeaderId::kVary), 0U);

  EXPECT_THAT(Lines(fields), ElementsAre("X-One: 1", "x-one: 2"));
  EXPECT_FALSE(fields.Has(HeaderId::kVary));
}

TEST(FieldsTest, ClearForgetsEverything) {
  Fields fields;
  fields.Add(HeaderId::kHost, "x");

  fields.Clear();

  EXPECT_TRUE(fields.empty());
  EXPECT_EQ(fields.Find(HeaderId::kHost), nullptr);
}

}  // namespace
}  // namespace colmeia::http
