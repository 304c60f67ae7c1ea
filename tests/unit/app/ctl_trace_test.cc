#include "app/ctl_trace.h"

#include <gmock/gmock.h>

#include "ipc/frame.h"

namespace colmeia::app {
namespace {

using control::TraceEntry;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ReadSinceTest, ANumberIsAnEventAndATimeIsATime) {
  EXPECT_EQ(ReadSince("120").value().sequence, 120u);
  EXPECT_EQ(ReadSince("#120").value().sequence, 120u);
  EXPECT_EQ(ReadSince("5m").value().ago, std::chrono::minutes(5));
  EXPECT_EQ(ReadSince("500ms").value().ago, std::chrono::milliseconds(500));
  EXPECT_EQ(ReadSince("").value().sequence, std::nullopt);
  EXPECT_EQ(ReadSince("").value().ago, std::nullopt);
  EXPECT_THAT(ReadSince("yesterday").error().message, HasSubstr("\"--since yesterday\" is neither"));
}

TraceEntry EntryOf(std::uint64_t sequence) {
  return {.event = {.kind = trace::EventKind::kState, .text = "ready", .sequence = sequence},
          .frame = {},
          .json = "{\"seq\":" + std::to_string(sequence) + "}"};
}

TEST(TraceLinesTest, EventsThatFollowOneAnotherAreLines) {
  TraceLines lines(TraceFormat::kText, 4);

  EXPECT_THAT(lines.Next(EntryOf(5)), StartsWith("    #5 "));
  EXPECT_THAT(lines.Next(EntryOf(6)), StartsWith("    #6 "));
}

TEST(TraceLinesTest, WhatIsMissingIsSaid) {
  TraceLines text(TraceFormat::kText, 4);
  EXPECT_THAT(text.Next(EntryOf(10)),
              StartsWith("-- 5 events missed: they were overwritten before they were read\n   #10 "));
  EXPECT_THAT(text.Next(EntryOf(12)), StartsWith("-- 1 event missed"));

  TraceLines json(TraceFormat::kJson, 4);
  EXPECT_EQ(json.Next(EntryOf(10)), "{\"missed\":5}\n{\"seq\":10}\n");
}

TEST(TraceLinesTest, AMessageHasItsBytesBelow) {
  TraceEntry entry;
  entry.event = {.kind = trace::EventKind::kSend, .size = 20, .text = "Go", .sequence = 1};
  entry.frame = ipc::EncodeFrame(ipc::Go{}, 3);

  EXPECT_THAT(TraceLines(TraceFormat::kHex, 0).Next(entry),
              AllOf(HasSubstr("Go\n    0000  63 6f 6c 6d"), HasSubstr("sequence          3\n")));
  EXPECT_THAT(TraceLines(TraceFormat::kText, 0).Next(entry), Not(HasSubstr("63 6f")));

  entry.frame.reset();
  EXPECT_THAT(TraceLines(TraceFormat::kHex, 0).Next(entry), HasSubstr("    its 20 bytes were overwritten"));
}

}  // namespace
}  // namespace colmeia::app
