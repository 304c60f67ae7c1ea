#include "control/routes.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::control {
namespace {

using testing::HasSubstr;

class RoutesTest : public testing::Test {
 protected:
  static auto Ask(http::Method method, const std::string& path, const std::string& body = {}) {
    Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    return Understand(request);
  }
  static supervisor::Order Ordered(const std::string& path, const std::string& body = {}) {
    const auto asked = Ask(http::Method::kPost, path, body);
    EXPECT_TRUE(std::holds_alternative<supervisor::Order>(asked)) << path << " " << body;
    return std::holds_alternative<supervisor::Order>(asked) ? std::get<supervisor::Order>(asked) : supervisor::Order{};
  }
  static Refusal Refused(http::Method method, const std::string& path, const std::string& body = {}) {
    const auto asked = Ask(method, path, body);
    EXPECT_TRUE(std::holds_alternative<Refusal>(asked)) << path << " " << body;
    return std::holds_alternative<Refusal>(asked) ? std::get<Refusal>(asked) : Refusal{};
  }
};

TEST_F(RoutesTest, UnderstandsEveryRowOfItsTable) {
  for (const Route& route : Routes()) {
    const auto asked = Ask(route.method, std::string(route.path), BodyFor(route, 7));
    if (const auto* view = std::get_if<View>(&route.asks)) {
      ASSERT_TRUE(std::holds_alternative<View>(asked)) << route.path;
      EXPECT_EQ(std::get<View>(asked), *view);
    } else if (const auto* document = std::get_if<Document>(&route.asks)) {
      ASSERT_TRUE(std::holds_alternative<Document>(asked)) << route.path;
      EXPECT_EQ(std::get<Document>(asked), *document);
    } else if (std::holds_alternative<Feed>(route.asks)) {
      EXPECT_TRUE(std::holds_alternative<TraceQuestion>(asked)) << route.path;
    } else {
      ASSERT_TRUE(std::holds_alternative<supervisor::Order>(asked)) << route.path;
      EXPECT_EQ(std::get<supervisor::Order>(asked),
                (supervisor::Order{std::get<supervisor::Command>(route.asks), route.argument.empty() ? 0u : 7u}));
    }
  }
}

TEST_F(RoutesTest, EveryCommandHasOneRouteAndAName) {
  std::set<std::string_view> names;
  for (const supervisor::Command command :
       {supervisor::Command::kReload, supervisor::Command::kReopen, supervisor::Command::kQuit,
        supervisor::Command::kStop, supervisor::Command::kUpgrade, supervisor::Command::kRestart,
        supervisor::Command::kScale, supervisor::Command::kDrain, supervisor::Command::kKill}) {
    EXPECT_EQ(std::get<supervisor::Command>(RouteOf(command).asks), command);
    names.insert(supervisor::CommandName(command));
    // Described as it is asked for: with the argument where the route takes one.
    const bool has_argument = !RouteOf(command).argument.empty();
    EXPECT_EQ(supervisor::Describe({command, 7}),
              std::string(supervisor::CommandName(command)) + (has_argument ? " 7" : ""));
  }
  EXPECT_EQ(names.size(), 9u);
  EXPECT_THAT(names, testing::Contains("scale"));
}

TEST_F(RoutesTest, EveryVerbFindsItsRow) {
  for (const Route& route : Routes()) {
    if (route.verb.empty()) continue;
    EXPECT_EQ(FindVerb(route.verb, !route.argument.empty()), &route);
  }
  EXPECT_EQ(FindVerb("", false), nullptr);
  EXPECT_EQ(FindVerb("reload", true), nullptr);
}

TEST_F(RoutesTest, AVerbWithAndWithoutItsArgumentIsTwoThings) {
  EXPECT_EQ(FindVerb("workers", false)->method, http::Method::kGet);
  EXPECT_EQ(FindVerb("workers", true)->method, http::Method::kPost);
}

TEST_F(RoutesTest, TakesAnEmptyObjectForNoBody) {
  EXPECT_EQ(Ordered("/reload", "{}").command, supervisor::Command::kReload);
}

TEST_F(RoutesTest, ReadsTheArgument) {
  EXPECT_EQ(Ordered("/workers", "{\"count\": 8}"), (supervisor::Order{supervisor::Command::kScale, 8}));
  EXPECT_EQ(Ordered("/drain", " {\"worker\":0} "), (supervisor::Order{supervisor::Command::kDrain, 0}));
}

TEST_F(RoutesTest, RefusesEveryOtherBody) {
  for (const char* body : {"", "8", "[8]", "{}", "{\"count\":0}", "{\"count\":-1}", "{\"count\":1.5}",
                           "{\"count\":\"8\"}", "{\"count\":4294967296}", "{\"count\":8,\"more\":1}", "{\"worker\":8}",
                           "{\"count\":8", "{\"count\":8}x", "\xff\xfe"}) {
    const Refusal refusal = Refused(http::Method::kPost, "/workers", body);
    EXPECT_EQ(refusal.status, http::Status::kBadRequest) << body;
    EXPECT_THAT(refusal.why, HasSubstr(R"({"count": number})"));
  }
  EXPECT_THAT(Refused(http::Method::kPost, "/reload", "{\"x\":1}").why, HasSubstr("/reload takes no body"));
}

TEST_F(RoutesTest, SurvivesABodyOfNestedBrackets) {
  EXPECT_EQ(Refused(http::Method::kPost, "/workers", std::string(64 * 1024, '[')).status, http::Status::kBadRequest);
}

TEST_F(RoutesTest, SaysWhereOneIsLost) {
  EXPECT_EQ(Refused(http::Method::kGet, "/nothing").status, http::Status::kNotFound);
  const Refusal wrong = Refused(http::Method::kGet, "/reload");
  EXPECT_EQ(wrong.status, http::Status::kMethodNotAllowed);
  EXPECT_EQ(wrong.why, "/reload takes POST only");
  EXPECT_EQ(Refused(http::Method::kDelete, "/workers").why, "/workers takes GET and POST only");
  EXPECT_EQ(MethodsOf("/workers", ", "), "GET, POST");
  EXPECT_EQ(MethodsOf("/nothing", ", "), "");
}

}  // namespace
}  // namespace colmeia::control
