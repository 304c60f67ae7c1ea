#include "trace/mermaid.h"

#include <gmock/gmock.h>

#include "trace/select.h"
#include "trace/story.h"

namespace colmeia::trace {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MermaidTest, AReloadIsASequenceDiagram) {
  EXPECT_EQ("\n" + Mermaid(LastReload(AReload()).events), R"(
sequenceDiagram
    participant operator as operator
    participant master as master
    participant compiler_2 as compiler (gen 2, pid 150)
    participant worker_1_200 as worker 0 (gen 2, pid 200)
    participant worker_0_100 as worker 0 (gen 1, pid 100)
    operator->>master: [2] reload (+0.00 ms)
    Note over master: [3] generation 2 begun (+0.10 ms)
    master-->>compiler_2: [4] spawn: compiler (+0.20 ms)
    compiler_2->>master: [5] Hello version=1 pid=150 (+0.30 ms)
    master->>compiler_2: [6] Compile conf="a#59;b#35;c.conf" (+0.40 ms)
    compiler_2->>master: [7] Compiled ok=yes + 2 descriptors: text, plan (+0.50 ms)
    Note over master: [8] generation 2: listener opened 1 (+0.60 ms)
    master-->>worker_1_200: [9] spawn: worker 0 (+0.70 ms)
    Note over worker_1_200: [10] starting (+0.80 ms)
    worker_1_200->>master: [11] Hello version=1 pid=200 (+0.90 ms)
    master->>worker_1_200: [12] Adopt generation=2 slot=1 + 3 descriptors: configuration, scoreboard, trace (+1.00 ms)
    master->>worker_1_200: [13] Go (+1.10 ms)
    worker_1_200->>master: [14] Ready (+1.20 ms)
    Note over worker_1_200: [15] ready (+1.30 ms)
    Note over master: [16] generation 2 current (+1.40 ms)
    master-->>operator: [17] generation 2 serves with 1 worker, generation 1 drains (+1.50 ms)
    master->>worker_0_100: [18] Drain deadline=0ms (+1.60 ms)
    Note over worker_0_100: [19] draining (+1.70 ms)
    worker_0_100->>master: [20] Draining connections=0 (+1.80 ms)
    Note over worker_0_100: [21] closed (+1.90 ms)
    worker_0_100--xmaster: [22] exited with code 0 (+2.00 ms)
    Note over worker_0_100: [23] empty (+2.10 ms)
)");
}

TEST(MermaidTest, NothingIsAnEmptyDiagram) {
  EXPECT_EQ(Mermaid({}), "sequenceDiagram\n    participant master as master\n");
}

TEST(MermaidTest, LongTextsAreShortened) {
  const std::string out =
      Mermaid({{.kind = EventKind::kReply, .peer = Peer::kOperator, .text = std::string(100, 'x')}});

  EXPECT_THAT(out, HasSubstr(" " + std::string(57, 'x') + "... ("));
}

TEST(MermaidTest, AWorkerIsToldFromTheOneThatHadItsSlot) {
  const std::string out = Mermaid({EventOf(EventKind::kExit, {Peer::kWorker, 0, 0, 1, 100}, 0, "exited with code 1"),
                                   EventOf(EventKind::kSpawn, {Peer::kWorker, 0, 0, 1, 101}, 0, "worker 0")});

  EXPECT_THAT(out, HasSubstr("participant worker_0_100 as worker 0 (gen 1, pid 100)\n"));
  EXPECT_THAT(out, HasSubstr("participant worker_0_101 as worker 0 (gen 1, pid 101)\n"));
  EXPECT_THAT(out, Not(HasSubstr("operator")));
}

}  // namespace
}  // namespace colmeia::trace
