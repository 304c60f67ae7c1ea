// The page of the control socket says what the tables and the fields say.
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/answer.h"
#include "control/configuration.h"
#include "control/routes.h"
#include "control/server.h"
#include "control/status.h"

namespace colmeia::control {
namespace {

std::string Page() {
  std::ifstream file(COLMEIA_SOURCE_DIR "/src/control/README.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string_view UnitText(Unit unit) {
  switch (unit) {
    case Unit::kText:
      return "text";
    case Unit::kFlag:
      return "true or false";
    case Unit::kBytes:
      return "bytes";
    case Unit::kMilliseconds:
      return "ms";
    case Unit::kNanoseconds:
      return "ns";
    default:
      return "number";
  }
}

struct RowsOf {
  std::string& out;
  std::string prefix;

  template <class Member>
  void operator()(const Field& field, const Member& member) const {
    if constexpr (HasFields<Member>) {
      out += fmt::format("| `{}{}` | object | {} |\n", prefix, field.name, field.meaning);
      if constexpr (!std::is_same_v<Member, Counts>)
        Member::Fields(member, RowsOf{out, prefix + std::string(field.name) + "."});
    } else {
      out += fmt::format("| `{}{}` | {} | {} |\n", prefix, field.name, UnitText(field.unit), field.meaning);
    }
  }
};

template <class T>
std::string FieldTable() {
  std::string out = "| member | value | meaning |\n|---|---|---|\n";
  const T one{};
  T::Fields(one, RowsOf{out, ""});
  return out;
}

class ReadmeTest : public testing::Test {};

TEST_F(ReadmeTest, TheTableOfRoutesIsTheRoutes) {
  std::string table = "| request | body | `colmeia ctl` | meaning |\n|---|---|---|---|\n";
  for (const Route& route : Routes()) {
    const bool takes = !route.argument.empty();
    table += fmt::format("| {} {} | {} | {} | {} |\n", http::MethodName(route.method), route.path,
                         takes ? fmt::format("`{{\"{}\": N}}`", route.argument) : std::string(),
                         route.verb.empty() ? std::string() : fmt::format("{}{}", route.verb, takes ? " N" : ""),
                         route.meaning);
  }

  EXPECT_THAT(Page(), testing::HasSubstr(table));
}

TEST_F(ReadmeTest, TheTableOfOutcomesIsTheOutcomes) {
  std::string table = "| `exit_code` | `outcome` | status |\n|---|---|---|\n";
  for (int code = kExitOk; code <= kExitRolledBack; ++code) {
    table +=
        fmt::format("| {} | {} | {} |\n", code, OutcomeName(code), http::StatusText(StatusOf(MakeAnswer(code, ""))));
  }

  EXPECT_THAT(Page(), testing::HasSubstr(table));
}

TEST_F(ReadmeTest, TheTablesOfMembersAreTheFields) {
  const std::string page = Page();

  EXPECT_THAT(page, testing::HasSubstr(FieldTable<Answer>()));
  EXPECT_THAT(page, testing::HasSubstr(FieldTable<Health>()));
  EXPECT_THAT(page, testing::HasSubstr(FieldTable<ServerStatus>()));
  EXPECT_THAT(page, testing::HasSubstr(FieldTable<WorkerStatus>()));
  EXPECT_THAT(page, testing::HasSubstr(FieldTable<GenerationStatus>()));
  EXPECT_THAT(page, testing::HasSubstr(FieldTable<ListenerStatus>()));
  EXPECT_THAT(page, testing::HasSubstr(FieldTable<ZoneStatus>()));
  EXPECT_THAT(page, testing::HasSubstr(FieldTable<Counts>()));
  EXPECT_THAT(page, testing::HasSubstr(FieldTable<Configuration>()));
}

TEST_F(ReadmeTest, LimitsAreThoseOfTheCode) {
  const Limits limits;
  EXPECT_THAT(Page(), testing::HasSubstr(fmt::format("{} connections", limits.connections)));
  EXPECT_THAT(Page(), testing::HasSubstr(fmt::format("a head of {} KiB", limits.head_bytes / 1024)));
  EXPECT_THAT(Page(), testing::HasSubstr(fmt::format("a body of {} KiB", limits.body_bytes / 1024)));
  EXPECT_THAT(Page(), testing::HasSubstr(fmt::format("{} seconds", limits.patience.count() / 1000)));
}

}  // namespace
}  // namespace colmeia::control
