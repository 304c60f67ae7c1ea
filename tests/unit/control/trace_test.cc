#include "control/trace.h"

#include <gmock/gmock.h>

namespace colmeia::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TraceTest : public testing::Test {
 protected:
  std::string Ask(const TraceQuestion& question) const { return TraceJson(reader, question); }
  TracePage Read(const TraceQuestion& question) const {
    auto page = ReadTracePage(Ask(question));
    EXPECT_TRUE(page) << page.error().message;
    return page.value_or(TracePage{});
  }
  static std::vector<std::uint64_t> Numbers(const TracePage& page) {
    std::vector<std::uint64_t> out;
    for (const TraceEntry& entry : page.events) out.push_back(entry.event.sequence);
    return out;
  }

  trace::Writer writer = *trace::Writer::Create(8);
  trace::Reader reader = *trace::Reader::Open(writer.fd());
};

TEST_F(TraceTest, AnEventComesBackAsItWas) {
  trace::Event event = {.kind = trace::EventKind::kSend,
                        .peer = trace::Peer::kWorker,
                        .slot = 3,
                        .seat = 1,
                        .generation = 2,
                        .pid = 4711,
                        .frame_sequence = 12,
                        .in_reply_to = 9,
                        .size = 5,
                        .fds = 1,
                        .cause = 7,
                        .text = "Drain \"x\"\n"};
  writer.Record(event, std::string("a\0\xff z", 5));
  const trace::Event recorded = reader.Snapshot().front();

  const TracePage page = Read({.frames = true});

  ASSERT_EQ(page.events.size(), 1u);
  event.sequence = 1;
  event.monotonic_ns = recorded.monotonic_ns;
  event.wall_ns = recorded.wall_ns / 1000 * 1000;
  EXPECT_EQ(page.events[0].event, event);
  EXPECT_EQ(page.events[0].frame, std::string("a\0\xff z", 5));
  EXPECT_THAT(page.events[0].json, HasSubstr("\"kind\":\"send\""));
  EXPECT_EQ(Read({}).events[0].frame, std::nullopt);
}

TEST_F(TraceTest, PagesFollowOneAnother) {
  for (int i = 0; i < 5; ++i) writer.Record({.kind = trace::EventKind::kState});

  EXPECT_THAT(Numbers(Read({.limit = 3})), ElementsAre(1u, 2u, 3u));
  const TracePage rest = Read({.after = 3, .limit = 3});
  EXPECT_THAT(Numbers(rest), ElementsAre(4u, 5u));
  EXPECT_EQ(rest.newest, 5u);
  EXPECT_EQ(rest.missed, 0u);
  EXPECT_THAT(Numbers(Read({.after = 5})), ElementsAre());
}

TEST_F(TraceTest, WhatWasOverwrittenIsCounted) {
  for (int i = 0; i < 20; ++i) writer.Record({.kind = trace::EventKind::kState});

  EXPECT_EQ(Read({.after = 5}).missed, 7u);
  EXPECT_EQ(Read({}).missed, 12u);
  EXPECT_EQ(Read({.after = 12}).missed, 0u);
  EXPECT_EQ(Read({.after = 99}).missed, 0u);
  EXPECT_EQ(Ask({.after = 99}), R"({"newest":20,"missed":0,"events":[]})");
}

TEST(TraceQuestionTest, AQuestionIsReadBackFromItsTarget) {
  const TraceQuestion question = {.after = 12, .limit = 7, .wait = util::Milliseconds(1000), .frames = true};

  const std::string target = TargetOf(question);

  EXPECT_EQ(target, "/trace?after=12&limit=7&wait=1000&frames=1");
  EXPECT_EQ(ReadTraceQuestion(target.substr(target.find('?') + 1)).value(), question);
  EXPECT_EQ(ReadTraceQuestion("").value(), TraceQuestion{});
}

TEST(TraceQuestionTest, LimitsAreKept) {
  const TraceQuestion question = ReadTraceQuestion("limit=99999&wait=99999999").value();
  EXPECT_EQ(question.limit, TraceQuestion::kMostEvents);
  EXPECT_EQ(question.wait, TraceQuestion::kLongestWait);
}

TEST(TraceQuestionTest, WhatIsNotUnderstoodIsRefused) {
  EXPECT_THAT(ReadTraceQuestion("befor=1").error().message, HasSubstr("not \"befor\""));
  for (const char* query : {"after", "after=", "after=x", "after=-1", "&", "after=1&"}) {
    EXPECT_FALSE(ReadTraceQuestion(query)) << query;
  }
}

TEST(TracePageTest, WhatIsNoPageIsRefused) {
  for (const char* json : {"", "[]", "{}", "{\"events\":1}", "{\"events\":[1]}", "{\"events\""}) {
    EXPECT_FALSE(ReadTracePage(json)) << json;
  }
  // Members of the wrong type count as absent.
  EXPECT_EQ(ReadTracePage(R"({"events":[{"seq":"x","text":7,"frame":"0g"}]})").value().events[0].event.sequence, 0u);
}

}  // namespace
}  // namespace colmeia::control
