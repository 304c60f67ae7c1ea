#include "pipeline/child.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "pipeline/family.h"
#include "pipeline/nap.h"
#include "pipeline/site_fixture.h"

namespace colmeia::pipeline {
namespace {

using Pulled = BodySource::Pulled;
using testing::HasSubstr;

class ChildTest : public SiteTest {
 protected:
  ~ChildTest() override {
    exchange.Reset();
    EXPECT_EQ(Nap::alive, 0);
    EXPECT_EQ(NapNote::alive, 0);
  }

  // All of the body of "/x" that can be had now.
  std::string Ask(const std::string& server) {
    LoadServer(server);
    Get("/x");
    if (exchange.awaiting() != nullptr || exchange.response.body.source() == nullptr) return BodyText();
    exchange.response.body.source()->SetReader([this] { ++woken; });
    return PullAll();
  }
  std::string PullAll() {
    std::string out;
    do {
      Piece piece;
      last = exchange.response.body.source()->Next(piece);
      out += piece.memory;
    } while (last == Pulled::kMore);
    return out;
  }
  // The newest child's nap is over.
  void WakeChild() {
    ASSERT_NE(youngest(), nullptr);
    static_cast<Nap*>(youngest()->awaiting())->Wake();
  }
  // What waits, at the end of the line of children.
  Exchange* youngest() { return YoungestOf(exchange); }

  Pulled last = Pulled::kMore;
  int woken = 0;

 private:
  static Exchange* YoungestOf(Exchange& of) {
    ChildExchange* const child = of.children();
    if (child == nullptr) return of.awaiting() != nullptr ? &of : nullptr;
    return YoungestOf(child->exchange());
  }
};

TEST_F(ChildTest, BodiesComeInTheirOrder) {
  EXPECT_EQ(Ask("location /x { include_of /a /b /a; } location /a { say a; } location /b { say b; }"), "aba");
  EXPECT_EQ(last, Pulled::kLast);
}

TEST_F(ChildTest, AChildOfAChildHasItsPlace) {
  EXPECT_EQ(Ask("location /x { include_of /a /c; } location /a { include_of /b /c; } location /b { say b; } "
                "location /c { say c; }"),
            "bcc");
}

TEST_F(ChildTest, HasItsOwnPathAndArgumentsAndTheClientsHead) {
  exchange.request.fields.Clear();
  LoadServer(
      "location /x { include_of /a; } location /a { say \"$uri|$args|$request|$request_uri|$remote_addr|$host|$1|"
      "$status\"; }");
  Get("/x", "q=1");
  EXPECT_EQ(PullAll(), "/a|from=include|GET /x HTTP/1.1|/x|192.0.2.7|example.org||200");
}

TEST_F(ChildTest, GetsWhateverTheClientsMethodIs) {
  LoadServer("location /x { include_of /a; } location /a { say \"$request_method|$content_length\"; }");
  Get("/x");
  exchange.request.method = http::Method::kPost;
  exchange.request.method_text = "POST";
  exchange.request.content_length = 5;
  auto child = ChildExchange::Make(exchange, "/a", {});
  ASSERT_EQ(child->Run(), RunState::kComplete);

  EXPECT_EQ(child->exchange().request.method, http::Method::kGet);
  EXPECT_EQ(child->exchange().request.content_length, std::nullopt);
  EXPECT_EQ(child->exchange().response.body.pieces().at(0).memory, "POST|5") << "of the client, as in nginx";
}

TEST_F(ChildTest, KnowsGroupsThatHaveANameOnly) {
  EXPECT_EQ(Ask("location ~ ^/(?<letter>.)$ { include_of /aa; } location /aa { say \"$letter|$1|\"; }"), "x||");
}

TEST_F(ChildTest, ReachesInternalLocations) {
  EXPECT_EQ(Ask("location /x { include_of /a; } location /a { internal; say a; }"), "a");
}

TEST_F(ChildTest, IsNotAskedByTheAccessPhase) {
  EXPECT_EQ(Ask("location /x { include_of /a; } location /a { nap location 403; say a; }"), "a");
}

TEST_F(ChildTest, ThatFailsHasAPage) {
  EXPECT_THAT(Ask("location /x { include_of /a /b; } location /a { refuse 404; } location /b { say b; }"),
              testing::AllOf(HasSubstr("404 Not Found"), testing::EndsWith("b")));
  EXPECT_EQ(status(), 200);
  EXPECT_FALSE(exchange.response.close);
}

TEST_F(ChildTest, HasErrorPagesAndRedirectionsOfItsOwn) {
  EXPECT_EQ(Ask("location /x { include_of /a /c; } location /a { error_page 404 /b; refuse 404; } "
                "location /b { say b; } location /c { go /b; }"),
            "bb");
}

TEST_F(ChildTest, ThatMayHaveNoBodyHasNone) {
  EXPECT_EQ(Ask("location /x { include_of /a /b; } location /a { refuse 204; } location /b { say b; }"), "b");
}

TEST_F(ChildTest, ThatWithholdsItsResponseBreaksTheBody) {
  EXPECT_EQ(Ask("location /x { include_of /b /a /b; } location /a { refuse 444; } location /b { say b; }"), "b");
  EXPECT_EQ(last, Pulled::kBroken);
}

TEST_F(ChildTest, WaitsAndItsParentIsWoken) {
  EXPECT_EQ(Ask("location /x { include_of /b /a /b; } location /a { include_of /nap; } "
                "location /nap { nap content done; } location /b { say b; }"),
            "b");
  EXPECT_EQ(last, Pulled::kWait);
  EXPECT_EQ(PullAll(), "") << "it is not over";
  EXPECT_EQ(last, Pulled::kWait);

  WakeChild();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(PullAll(), "restedb");
  EXPECT_EQ(last, Pulled::kLast);
}

TEST_F(ChildTest, WaitsAgainAndOn) {
  Ask("location /x { include_of /again /longer; } location /again { nap content again; } location /longer { nap "
      "content longer; }");
  for (const std::string_view expected : {"", "rested", "", "rested"}) {
    EXPECT_EQ(last, Pulled::kWait);
    WakeChild();
    EXPECT_EQ(PullAll(), expected);
  }
  EXPECT_EQ(last, Pulled::kLast);
  EXPECT_EQ(woken, 4);
}

TEST_F(ChildTest, EndsWithItsParent) {
  Ask("location /x { include_of /a; } location /a { include_of /nap; } location /nap { nap content done; }");
  EXPECT_EQ(Nap::alive, 1);

  exchange.Reset();

  EXPECT_EQ(Nap::alive, 0);
}

TEST_F(ChildTest, IsAskedBeforeAnAnswer) {
  EXPECT_EQ(Ask("location /x { ask /a; say x; } location /a { say yes; }"), "x");
  EXPECT_THAT(Ask("location /x { ask /a; say x; } location /a { refuse 403; }"), HasSubstr("403 Forbidden"));
}

TEST_F(ChildTest, IsAskedBeforeAnAnswerAndWaits) {
  Ask("location /x { ask /a; say x; } location /a { nap content longer; }");
  ASSERT_NE(exchange.awaiting(), nullptr);
  exchange.awaiting()->SetRunner([this] { ++woken; });

  WakeChild();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(Runner::Resume(exchange), RunState::kWaits);
  exchange.awaiting()->SetRunner([this] { ++woken; });
  WakeChild();
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);
  EXPECT_EQ(BodyText(), "x");
}

TEST_F(ChildTest, ThatIsAskedEndsWhenItsParentIsCancelled) {
  Ask("location /x { ask /a; say x; } location /a { ask /b; } location /b { nap content done; }");
  EXPECT_EQ(Nap::alive, 1);

  Runner::Cancel(exchange, http::Status::kClientClosedRequest);

  EXPECT_EQ(Nap::alive, 0);
  EXPECT_EQ(exchange.children(), nullptr);
}

// Beside an answer, as a copy of the request to another place would be.
struct Beside {
  std::unique_ptr<ChildExchange> child;
};

TEST_F(ChildTest, RunsBesideAnAnswer) {
  ASSERT_EQ(Ask("location /x { say x; } location /beside { nap content done; }"), "x");
  ChildExchange& child = *(exchange.context<Beside>().child = ChildExchange::Make(exchange, "/beside", {}));
  RunState state = child.Run();
  child.SetReader([&] { state = child.Run(); });
  ASSERT_EQ(state, RunState::kWaits);

  WakeChild();

  EXPECT_EQ(state, RunState::kComplete);
  EXPECT_EQ(child.exchange().response.body.pieces().at(0).memory, "rested");
}

TEST_F(ChildTest, BesideAnAnswerEndsWithIt) {
  ASSERT_EQ(Ask("location /x { say x; } location /beside { nap content done; }"), "x");
  auto& child = exchange.context<Beside>().child;
  child = ChildExchange::Make(exchange, "/beside", {});
  ASSERT_EQ(child->Run(), RunState::kWaits);

  exchange.Reset();

  EXPECT_EQ(Nap::alive, 0);
}

TEST_F(ChildTest, FollowsTheHeadWhenItMoves) {
  Ask("location /x { include_of /nap; } location /nap { nap content done; } ");
  const std::string copy = line;
  Exchange& child = *youngest();
  ASSERT_EQ(child.request.line.data(), line.data());

  exchange.MoveHead(line.data(), line.size(), copy.data());

  EXPECT_EQ(child.request.line.data(), copy.data());
}

TEST_F(ChildTest, GoesAsDeepAsInNginxAndNoDeeper) {
  LoadServer("location / { say a; }");
  Get("/x");
  std::vector<std::unique_ptr<ChildExchange>> line_of_children;
  Exchange* parent = &exchange;
  for (int depth = 0; depth < 51; ++depth) {
    line_of_children.push_back(ChildExchange::Make(*parent, "/a", {}));
    ASSERT_NE(line_of_children.back(), nullptr) << depth;
    parent = &line_of_children.back()->exchange();
  }

  EXPECT_EQ(ChildExchange::Make(*parent, "/a", {}), nullptr);
  EXPECT_EQ(&parent->main(), &exchange);
  while (!line_of_children.empty()) line_of_children.pop_back();
}

TEST_F(ChildTest, OfItselfEndsInABrokenBody) {
  EXPECT_EQ(Ask("location /x { include_of /x; }"), "");
  EXPECT_EQ(last, Pulled::kBroken);
}

TEST_F(ChildTest, AreSoManyAndNoMore) {
  LoadServer("location / { say a; }");
  Get("/x");
  std::uint32_t made = 0;
  while (made < 70'000 && ChildExchange::Make(exchange, "/a", {}) != nullptr) ++made;

  EXPECT_EQ(made, ChildExchange::kMaxNumber);
  Get("/x");
  EXPECT_NE(ChildExchange::Make(exchange, "/a", {}), nullptr) << "another request has others";
}

}  // namespace
}  // namespace colmeia::pipeline
