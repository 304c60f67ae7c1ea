#include "trace/json.h"

#include <gmock/gmock.h>

#include "trace/story.h"

namespace colmeia::trace {
namespace {

using testing::HasSubstr;

TEST(JsonTest, AMessageHasEveryMember) {
  const std::vector<Event> events = AReload();

  EXPECT_EQ(
      Json(events[11]),
      R"({"seq":12,"cause":11,"kind":"send","mono_ns":5001200000,"wall_ms":1767268800501.200,"peer":"worker",)"
      R"("name":"worker 0","from":"master","to":"worker 0","slot":1,"seat":0,"generation":2,"pid":200,)"
      R"("message":"Adopt","number":1,"in_reply_to":null,"bytes":20,"fds":3,"descriptors":["configuration","scoreboard","trace"],"text":"Adopt generation=2 slot=1"})");
}

TEST(JsonTest, WhatIsNotKnownIsNull) {
  EXPECT_EQ(Json({.kind = EventKind::kServer, .text = "serving", .sequence = 5}),
            R"({"seq":5,"cause":null,"kind":"server","mono_ns":0,"wall_ms":0.000,"peer":"master","name":"master",)"
            R"("from":null,"to":null,"slot":null,"seat":null,"generation":null,"pid":null,"message":null,)"
            R"("number":null,"in_reply_to":null,"bytes":null,"fds":null,"descriptors":null,"text":"serving"})");
}

TEST(JsonTest, TheWayOfAnEventIsTold) {
  EXPECT_THAT(Json({.kind = EventKind::kCommand, .peer = Peer::kOperator, .text = "reload"}),
              HasSubstr(R"("name":"operator","from":"operator","to":"master")"));
  EXPECT_THAT(Json({.kind = EventKind::kSpawn, .peer = Peer::kCompiler}),
              HasSubstr(R"("name":"compiler","from":"master","to":"compiler")"));
  EXPECT_THAT(Json({.kind = EventKind::kExit, .peer = Peer::kSuccessor}),
              HasSubstr(R"("name":"new master","from":"new master","to":"master")"));
  EXPECT_THAT(Json({.kind = EventKind::kReceive, .peer = Peer::kWorker, .slot = 6}),
              HasSubstr(R"("name":"worker in slot 6","from":"worker in slot 6","to":"master")"));
}

TEST(JsonTest, BytesOfTheFrameAreHexadecimal) {
  EXPECT_THAT(Json({.kind = EventKind::kSend}, std::string("\x00\x63\xff", 3)), HasSubstr(R"(,"frame":"0063ff"})"));
  EXPECT_THAT(Json({.kind = EventKind::kSend}), Not(HasSubstr("frame")));
}

}  // namespace
}  // namespace colmeia::trace
