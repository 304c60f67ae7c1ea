#include "control/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control/full_status.h"

namespace colmeia::control {
namespace {

using testing::HasSubstr;

class JsonTest : public testing::Test {};

TEST_F(JsonTest, ReadsBackWhatItWrote) {
  const Status status = FullStatus();

  const auto read = ReadStatus(ViewJson(View::kStatus, status));

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, status);
}

TEST_F(JsonTest, APartIsReadIntoThatPart) {
  const Status status = FullStatus();

  const auto workers = ReadStatus(ViewJson(View::kWorkers, status));
  const auto generations = ReadStatus(ViewJson(View::kGenerations, status));

  EXPECT_EQ(workers->workers, status.workers);
  EXPECT_TRUE(workers->generations.empty());
  EXPECT_EQ(generations->generations, status.generations);
}

TEST_F(JsonTest, MembersStandInTheOrderOfTheFields) {
  const std::string json = ViewJson(View::kStatus, FullStatus());

  EXPECT_THAT(json, testing::StartsWith(R"({"server":{"version":"version1","pid":2,"state":"state3")"));
  EXPECT_THAT(json, HasSubstr(R"("responses":{"1xx":)"));
}

TEST_F(JsonTest, WhatIsNotKnownIsNull) {
  Status status;
  status.workers.emplace_back();

  const std::string json = ViewJson(View::kWorkers, status);

  EXPECT_THAT(json, HasSubstr(R"("heartbeat_age_ms":null)"));
  EXPECT_EQ(ReadStatus(json)->workers.at(0).heartbeat_age_ms, std::nullopt);
}

TEST_F(JsonTest, PassesOverMembersOfAnotherVersion) {
  const auto read = ReadStatus(R"({"news":[1],"server":{"pid":7,"colour":"red"}})");

  ASSERT_TRUE(read);
  EXPECT_EQ(read->server.pid, 7u);
}

TEST_F(JsonTest, NamesAMemberOfTheWrongType) {
  EXPECT_THAT(ReadStatus(R"({"server":{"pid":"7"}})").error().message, HasSubstr("server.pid is no number"));
  EXPECT_THAT(ReadStatus(R"({"workers":[{"state":3}]})").error().message, HasSubstr("workers[].state is no text"));
  EXPECT_FALSE(ReadStatus("[]"));
  EXPECT_FALSE(ReadStatus("{"));
  EXPECT_FALSE(ReadStatus(""));
}

TEST_F(JsonTest, AnswersCarryTheExitCodeAndItsName) {
  const Answer answer = MakeAnswer(kExitRolledBack, "worker 3 did not start");

  EXPECT_EQ(AnswerJson(answer),
            R"({"ok":false,"exit_code":5,"outcome":"rolled back","message":"worker 3 did not start"})");
  EXPECT_EQ(*ReadAnswer(AnswerJson(answer)), answer);
  EXPECT_EQ(StatusOf(answer), http::Status::kConflict);
  EXPECT_EQ(StatusOf(MakeAnswer(kExitOk, "")), http::Status::kOk);
  EXPECT_EQ(MakeAnswer(77, "").outcome, "failed");
}

TEST_F(JsonTest, BytesThatAreNoTextDoNotBreakIt) {
  const std::string json = AnswerJson(MakeAnswer(kExitConfiguration, "site\xff.conf:1"));

  EXPECT_TRUE(nlohmann::json::accept(json));
  EXPECT_THAT(json, HasSubstr("site\\u00FF.conf:1"));
  EXPECT_EQ(ReadAnswer(json)->message, "site\xc3\xbf.conf:1");
}

TEST_F(JsonTest, HealthIsServingWithEveryWorker) {
  Status status;
  status.server.state = "serving";
  status.server.workers_wanted = status.server.workers_ready = 4;
  EXPECT_TRUE(HealthOf(status).ok);
  EXPECT_EQ(ViewStatus(View::kHealth, status), http::Status::kOk);

  status.server.workers_ready = 3;
  EXPECT_FALSE(HealthOf(status).ok);
  EXPECT_EQ(ViewStatus(View::kHealth, status), http::Status::kServiceUnavailable);
  EXPECT_EQ(ViewStatus(View::kStatus, status), http::Status::kOk);
  EXPECT_FALSE(ReadHealth(ViewJson(View::kHealth, status))->ok);
}

TEST_F(JsonTest, ListsEveryRoute) {
  const auto json = nlohmann::json::parse(ViewJson(View::kRoutes, {}));

  EXPECT_EQ(json["routes"].size(), Routes().size());
}

TEST_F(JsonTest, PrettyKeepsWhatIsNoJson) {
  EXPECT_EQ(Pretty(R"({"a":1})"), "{\n  \"a\": 1\n}");
  EXPECT_EQ(Pretty("oops"), "oops");
}

}  // namespace
}  // namespace colmeia::control
