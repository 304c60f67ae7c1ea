#include "trace/text.h"

#include <gmock/gmock.h>

#include "trace/story.h"

namespace colmeia::trace {
namespace {

TEST(TextTest, EveryEventIsOneLineThatPointsToItsCause) {
  std::string out;
  for (const Event& event : AReload()) out += Text(event) + "\n";

  // clang-format off
  EXPECT_EQ("\n" + out, R"(
    #1           12:00:00.500100  heartbeat   worker 0 (gen 1, pid 100)                     missed
    #2           12:00:00.500200  command     operator (pid 77) -> master                   reload
    #3 <- #2     12:00:00.500300  generation  generation 2                                  begun
    #4 <- #2     12:00:00.500400  spawn       master -> compiler (gen 2, pid 150)           compiler
    #5 <- #4     12:00:00.500500  receive     compiler (gen 2, pid 150) -> master           Hello version=1 pid=150
    #6 <- #5     12:00:00.500600  send        master -> compiler (gen 2, pid 150)           Compile conf="a;b#c.conf"
    #7 <- #6     12:00:00.500700  receive     compiler (gen 2, pid 150) -> master           Compiled ok=yes + 2 descriptors: text, plan
    #8 <- #7     12:00:00.500800  listener    generation 2                                  opened 1
    #9 <- #7     12:00:00.500900  spawn       master -> worker 0 (gen 2, pid 200)           worker 0
   #10 <- #9     12:00:00.501000  state       worker 0 (gen 2, pid 200)                     starting
   #11 <- #9     12:00:00.501100  receive     worker 0 (gen 2, pid 200) -> master           Hello version=1 pid=200
   #12 <- #11    12:00:00.501200  send        master -> worker 0 (gen 2, pid 200)           Adopt generation=2 slot=1 + 3 descriptors: configuration, scoreboard, trace
   #13 <- #11    12:00:00.501300  send        master -> worker 0 (gen 2, pid 200)           Go
   #14 <- #13    12:00:00.501400  receive     worker 0 (gen 2, pid 200) -> master           Ready
   #15 <- #14    12:00:00.501500  state       worker 0 (gen 2, pid 200)                     ready
   #16 <- #14    12:00:00.501600  generation  generation 2                                  current
   #17 <- #14    12:00:00.501700  reply       master -> operator                            generation 2 serves with 1 worker, generation 1 drains
   #18 <- #14    12:00:00.501800  send        master -> worker 0 (gen 1, pid 100)           Drain deadline=0ms
   #19 <- #18    12:00:00.501900  state       worker 0 (gen 1, pid 100)                     draining
   #20 <- #18    12:00:00.502000  receive     worker 0 (gen 1, pid 100) -> master           Draining connections=0
   #21 <- #20    12:00:00.502100  closed      worker 0 (gen 1, pid 100)
   #22 <- #20    12:00:00.502200  exit        worker 0 (gen 1, pid 100) -> master           exited with code 0
   #23 <- #22    12:00:00.502300  state       worker 0 (gen 1, pid 100)                     empty
   #24           12:00:00.502400  signal      operator (pid 78) -> master                   signal 10 (SIGUSR1)
)");
  // clang-format on
}

TEST(TextTest, DescriptorsOfAnUnknownMessageAreCounted) {
  EXPECT_THAT(Text({.kind = EventKind::kReceive, .fds = 2, .text = "?"}),
              testing::EndsWith("? + 2 descriptors: descriptor 1, descriptor 2"));
}

TEST(TextTest, WhatAWorkerSaysStaysOnItsLine) {
  EXPECT_THAT(Text({.kind = EventKind::kReply, .text = "a\nb\x1b[31m"}), testing::EndsWith("a\\x0Ab\\x1B[31m"));
}

TEST(TextTest, AnEventOfNobodyIsTheMasters) {
  EXPECT_THAT(Text({.kind = EventKind::kDeadline, .sequence = 4'000'000}),
              testing::ContainsRegex("^#4000000 +00:00:00.000000  deadline    master$"));
}

}  // namespace
}  // namespace colmeia::trace
