#include "pipeline/awaiting.h"

#include <gmock/gmock.h>

#include "pipeline/nap.h"
#include "pipeline/site_fixture.h"

namespace colmeia::pipeline {
namespace {

class AwaitingTest : public SiteTest {
 protected:
  ~AwaitingTest() override {
    exchange.Reset();
    EXPECT_EQ(Nap::alive, 0);
    EXPECT_EQ(NapNote::alive, 0);
  }

  // Asks for "/x", which has to wait.
  void GetWaiting(const std::string& server) {
    LoadServer(server);
    Get("/x");
    ASSERT_NE(exchange.awaiting(), nullptr);
    EXPECT_EQ(Nap::alive, 1);
  }
  [[nodiscard]] int entered() { return exchange.context<NapNote>().entered; }
};

TEST_F(AwaitingTest, AnAnswerComesWhenTheWaitIsOver) {
  GetWaiting("location / { nap location done; }");

  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);

  EXPECT_EQ(BodyText(), "rested");
  EXPECT_EQ(exchange.awaiting(), nullptr);
  EXPECT_EQ(Nap::alive, 0);
}

TEST_F(AwaitingTest, TheHandlerIsNotEnteredAgainAndTheNextOneIsAsked) {
  GetWaiting("location / { nap location pass; say next; }");

  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);

  EXPECT_EQ(BodyText(), "next");
  EXPECT_EQ(entered(), 1);
}

TEST_F(AwaitingTest, WithoutAnotherHandlerNothingIsFound) {
  GetWaiting("location / { nap location pass; }");

  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);

  EXPECT_EQ(status(), 404);
}

TEST_F(AwaitingTest, TheServersHandlersWaitBeforeALocationIsChosen) {
  GetWaiting("nap server pass; location / { say root; } location /x { say x; }");

  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);

  EXPECT_EQ(BodyText(), "x");
  EXPECT_EQ(entered(), 1);
}

TEST_F(AwaitingTest, OneExchangeMayWaitInServerAndLocation) {
  GetWaiting("nap server pass; location / { nap location pass; say both; }");

  EXPECT_EQ(Runner::Resume(exchange), RunState::kWaits);
  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);

  EXPECT_EQ(BodyText(), "both");
  EXPECT_EQ(entered(), 2);
}

TEST_F(AwaitingTest, AStatusHasItsErrorPage) {
  GetWaiting("error_page 403 /sorry; location / { nap location 403; } location /sorry { say sorry; }");

  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);

  EXPECT_EQ(BodyText(), "sorry");
  EXPECT_EQ(status(), 403);
}

TEST_F(AwaitingTest, AnErrorPageMayWaitItself) {
  GetWaiting("error_page 403 /sorry; location / { refuse 403; } location /sorry { nap location done; }");

  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);

  EXPECT_EQ(BodyText(), "rested");
  EXPECT_EQ(status(), 403);
}

TEST_F(AwaitingTest, APathIsFollowed) {
  GetWaiting("location / { nap location /other; } location /other { say other; }");

  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);

  EXPECT_EQ(BodyText(), "other");
}

TEST_F(AwaitingTest, WhatWasResumedMayWaitForSomethingElse) {
  GetWaiting("location / { nap location again; }");

  EXPECT_EQ(Runner::Resume(exchange), RunState::kWaits);
  EXPECT_EQ(Nap::alive, 1);
  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);

  EXPECT_EQ(BodyText(), "rested");
}

TEST_F(AwaitingTest, WhatWasResumedMayWaitOn) {
  GetWaiting("location / { nap location longer; }");
  const Awaiting* const first = exchange.awaiting();

  EXPECT_EQ(Runner::Resume(exchange), RunState::kWaits);
  EXPECT_EQ(exchange.awaiting(), first);
  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);

  EXPECT_EQ(BodyText(), "rested");
}

TEST_F(AwaitingTest, WhoeverRunsTheExchangeIsToldThatTheWaitIsOver) {
  GetWaiting("location / { nap location done; }");
  int told = 0;
  exchange.awaiting()->SetRunner([&] { ++told; });

  static_cast<Nap*>(exchange.awaiting())->Wake();

  EXPECT_EQ(told, 1);
}

TEST_F(AwaitingTest, CancellingEndsTheWaitAndIsLoggedAsTold) {
  GetWaiting("location / { nap location done; }");

  Runner::Cancel(exchange, http::Status::kClientClosedRequest);

  EXPECT_EQ(Nap::alive, 0);
  EXPECT_EQ(status(), 499);
}

TEST_F(AwaitingTest, ResettingAnExchangeEndsItsWaitAndWhatModulesKept) {
  GetWaiting("location / { nap location done; }");
  EXPECT_EQ(NapNote::alive, 1);

  exchange.Reset();

  EXPECT_EQ(Nap::alive, 0);
  EXPECT_EQ(NapNote::alive, 0);
}

}  // namespace
}  // namespace colmeia::pipeline
