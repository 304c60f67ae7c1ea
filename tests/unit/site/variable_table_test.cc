#include "site/variable_table.h"

#include <gtest/gtest.h>

#include "site/template.h"

namespace colmeia::site {
namespace {

constexpr Variable kBuiltIn[] = {
    {.name = "fixed",
     .get = [](pipeline::Exchange&, std::string_view) -> std::optional<std::string_view> { return "f"; },
     .doc = "Fixed."},
    {.name = "open",
     .get = [](pipeline::Exchange&, std::string_view) -> std::optional<std::string_view> { return "o"; },
     .doc = "Open.",
     .assign = [](pipeline::Exchange&, std::string_view) {}},
    {.name = "of_",
     .prefix = true,
     .get = [](pipeline::Exchange&, std::string_view suffix) -> std::optional<std::string_view> { return suffix; },
     .doc = "A family."},
};

TEST(VariableTableTest, KnowsAVariableInOneSlot) {
  VariableTable table(kBuiltIn);
  OwnVariable& first = table.Add("Name");

  EXPECT_EQ(&table.Add("nAME"), &first);
  EXPECT_EQ(table.Find("name"), &first);
  EXPECT_EQ(table.Find("other"), nullptr);
  EXPECT_NE(table.Add("other").slot, first.slot);
  EXPECT_EQ(first.compute, nullptr);
  EXPECT_FALSE(first.is_group);
  EXPECT_TRUE(table.AddGroup("name").is_group);
}

TEST(VariableTableTest, AMemberOfAFamilyIsThatUntilItIsSet) {
  VariableTable table(kBuiltIn);

  EXPECT_NE(table.Add("of_me").compute, nullptr);
  EXPECT_EQ(table.Add("of_").compute, nullptr);
}

TEST(VariableTableTest, WhatCannotBeSetIsReserved) {
  EXPECT_TRUE(IsReserved("FIXED", kBuiltIn));
  EXPECT_FALSE(IsReserved("open", kBuiltIn));
  EXPECT_FALSE(IsReserved("of_me", kBuiltIn));
}

TEST(VariableTableTest, ATemplateFindsOwnVariablesFirst) {
  VariableTable table(kBuiltIn);
  OwnVariable& own = table.Add("open");
  OwnVariable& digit = table.Add("1");
  std::vector<TemplateMistake> mistakes;

  const Template text = Template::Compile("$open$fixed$1${1}", {.built_in = kBuiltIn, .own = &table}, mistakes);

  ASSERT_TRUE(mistakes.empty());
  ASSERT_EQ(text.parts().size(), 4U);
  EXPECT_EQ(text.parts()[0].own, &own);
  EXPECT_EQ(text.parts()[1].own, nullptr);
  EXPECT_EQ(text.parts()[2].kind, Template::Part::Kind::kGroup);
  EXPECT_EQ(text.parts()[3].own, &digit);
}

}  // namespace
}  // namespace colmeia::site
