#include "master/trace_recorder.h"

#include <gmock/gmock.h>

namespace colmeia::master {
namespace {

using trace::EventKind;
using trace::Peer;

constexpr Party kWorker{Peer::kWorker, 3, 1, 2, 4711};
constexpr Party kCompiler{Peer::kCompiler, trace::kNoSlot, trace::kNoSeat, 2, 4700};

class TraceRecorderTest : public testing::Test {
 protected:
  std::uint64_t Send(const Party& party, const ipc::Message& message, std::uint32_t sequence) {
    recorder.Frame(party, channel::Traffic::kSent, InfoOf(message, sequence, 0));
    return Last().sequence;
  }
  std::uint64_t Receive(const Party& party, const ipc::Message& message, std::uint32_t sequence,
                        std::uint32_t in_reply_to = 0) {
    recorder.Frame(party, channel::Traffic::kReceived, InfoOf(message, sequence, in_reply_to));
    return Last().sequence;
  }
  // A worker from its birth to Ready.
  void Serve(const Party& party) {
    recorder.Born(party, "worker 1");
    Receive(party, ipc::Hello{.pid = party.pid}, 1);
    Send(party, ipc::Go{}, 1);
    Receive(party, ipc::Ready{}, 2);
    recorder.Because(0);
  }
  trace::Event Last() const { return reader.Snapshot().back(); }
  std::uint64_t CauseOfLast() const { return Last().cause; }

  trace::Writer writer = *trace::Writer::Create(64);
  trace::Reader reader = *trace::Reader::Open(writer.fd());
  TraceRecorder recorder{std::move(writer)};

 private:
  static channel::FrameInfo InfoOf(const ipc::Message& message, std::uint32_t sequence, std::uint32_t in_reply_to) {
    return {.type = ipc::TypeOf(message),
            .sequence = sequence,
            .in_reply_to = in_reply_to,
            .size = 20,
            .fds = ipc::FdsOf(message),
            .message = &message,
            .bytes = "twenty bytes of frame"};
  }
};

TEST_F(TraceRecorderTest, WhatIsHeardLeadsToWhatIsDone) {
  recorder.Heard({.kind = EventKind::kCommand, .peer = Peer::kOperator, .text = "reload"});
  recorder.Born(kCompiler, "compiler");
  EXPECT_EQ(CauseOfLast(), 1u);
  recorder.Noted({.kind = EventKind::kGeneration, .generation = 2, .text = "begun"});
  EXPECT_EQ(CauseOfLast(), 1u);

  recorder.Because(0);
  recorder.Noted({.kind = EventKind::kServer, .text = "serving"});
  EXPECT_EQ(CauseOfLast(), 0u);
}

TEST_F(TraceRecorderTest, WhatAChildSaysIsLedToByWhatWasSaidToIt) {
  recorder.Born(kCompiler, "compiler");
  EXPECT_EQ(Receive(kCompiler, ipc::Hello{.pid = 4700}, 1), 2u);
  EXPECT_EQ(CauseOfLast(), 1u);
  EXPECT_EQ(Send(kCompiler, ipc::Compile{}, 1), 3u);
  EXPECT_EQ(CauseOfLast(), 2u);
  recorder.Because(0);
  Receive(kCompiler, ipc::Compiled{.ok = true}, 2);
  EXPECT_EQ(CauseOfLast(), 3u);
  recorder.Ended(kCompiler, "exited with code 0");
  EXPECT_EQ(CauseOfLast(), 4u);
  recorder.Noted({.kind = EventKind::kListener, .text = "opened 1"});
  EXPECT_EQ(CauseOfLast(), 5u);
}

TEST_F(TraceRecorderTest, AFrameIsRecordedWithAllThatIsKnown) {
  Serve(kWorker);
  Send(kWorker, ipc::Lend{ipc::LentKind::kLog, 1, "x.log"}, 9);
  recorder.Because(0);
  Receive(kWorker, ipc::Done{}, 4, 9);

  const trace::Event done = Last();
  EXPECT_EQ(done.cause, done.sequence - 1);
  EXPECT_EQ(done.kind, EventKind::kReceive);
  EXPECT_EQ(done.peer, Peer::kWorker);
  EXPECT_EQ(done.slot, 3u);
  EXPECT_EQ(done.seat, 1u);
  EXPECT_EQ(done.generation, 2u);
  EXPECT_EQ(done.pid, 4711);
  EXPECT_EQ(done.message_type, static_cast<unsigned>(ipc::MessageType::kDone));
  EXPECT_EQ(done.frame_sequence, 4u);
  EXPECT_EQ(done.in_reply_to, 9u);
  EXPECT_EQ(done.text, "Done");
  EXPECT_EQ(reader.Frame(done), "twenty bytes of fram");
  EXPECT_EQ(reader.Snapshot(done.sequence - 2).front().fds, 1u);
}

TEST_F(TraceRecorderTest, AReplyIsLedToByWhatItAnswers) {
  Serve(kWorker);
  const auto first = Send(kWorker, ipc::Lend{ipc::LentKind::kLog, 0, "a"}, 5);
  const auto second = Send(kWorker, ipc::Lend{ipc::LentKind::kLog, 1, "b"}, 6);

  Receive(kWorker, ipc::Done{}, 3, 5);
  EXPECT_EQ(CauseOfLast(), first);
  Receive(kWorker, ipc::Done{}, 4, 6);
  EXPECT_EQ(CauseOfLast(), second);
}

TEST_F(TraceRecorderTest, ALateReplyDoesNotHideThatTheWorkerWasToldToLeave) {
  Serve(kWorker);
  Send(kWorker, ipc::Lend{ipc::LentKind::kLog, 0, "a"}, 5);
  const auto drain = Send(kWorker, ipc::Drain{}, 6);
  Receive(kWorker, ipc::Done{}, 3, 5);
  recorder.Because(0);

  recorder.Ended(kWorker, "exited with code 0");

  EXPECT_EQ(CauseOfLast(), drain);
}

TEST_F(TraceRecorderTest, AWorkerThatServedAndDiesDiesOfNothingThatWasSaid) {
  Serve(kWorker);
  recorder.Closed(kWorker, "");
  EXPECT_EQ(CauseOfLast(), 0u);
  recorder.Ended(kWorker, "was killed by signal 9 (SIGKILL)");
  EXPECT_EQ(CauseOfLast(), 0u);

  recorder.Born({Peer::kWorker, 4, 1, 2, 4712}, "worker 1");
  EXPECT_EQ(CauseOfLast(), Last().sequence - 1);
}

TEST_F(TraceRecorderTest, AWorkerThatLeavesWasToldTo) {
  Serve(kWorker);
  const auto drain = Send(kWorker, ipc::Drain{}, 2);
  const auto draining = Receive(kWorker, ipc::Draining{}, 3);
  EXPECT_EQ(CauseOfLast(), drain);
  recorder.Because(0);
  recorder.Ended(kWorker, "exited with code 0");
  EXPECT_EQ(CauseOfLast(), draining);
}

TEST_F(TraceRecorderTest, ADeadlineIsRecordedWithWhatItLedTo) {
  Serve(kWorker);
  const auto drain = Send(kWorker, ipc::Drain{}, 2);
  recorder.Because(0);
  const auto before = Last().sequence;

  recorder.DeadlineCame();
  EXPECT_EQ(Last().sequence, before);
  recorder.Killed(kWorker, "signal 9 (SIGKILL)");

  const std::vector<trace::Event> events = reader.Snapshot(before);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, EventKind::kDeadline);
  EXPECT_EQ(events[0].cause, drain);
  EXPECT_EQ(events[1].kind, EventKind::kKill);
  EXPECT_EQ(events[1].cause, events[0].sequence);
}

TEST_F(TraceRecorderTest, ADeadlineThatLeadsToNothingIsNotRecorded) {
  recorder.DeadlineCame();
  recorder.Because(0);
  recorder.Noted({.kind = EventKind::kServer, .text = "serving"});

  EXPECT_EQ(reader.Snapshot().size(), 1u);
}

TEST_F(TraceRecorderTest, AReloadThatWaitedForItsTurnWasBegunByWhoAskedForIt) {
  recorder.HeardOfReload({.kind = EventKind::kSignal, .peer = Peer::kOperator, .text = "signal 1 (SIGHUP)"});
  Serve(kWorker);

  recorder.ReloadBegins(3);

  EXPECT_EQ(Last().text, trace::kGenerationBegun);
  EXPECT_EQ(CauseOfLast(), 1u);
  recorder.Born(kCompiler, "compiler");
  EXPECT_EQ(CauseOfLast(), 1u);
}

TEST_F(TraceRecorderTest, ASlotsNextProcessBeginsAnew) {
  Serve(kWorker);
  Send(kWorker, ipc::Stop{}, 2);
  recorder.Because(0);
  recorder.Born({Peer::kWorker, 3, 0, 3, 4800}, "worker 0");
  const auto born = Last().sequence;
  Receive({Peer::kWorker, 3, 0, 3, 4800}, ipc::Hello{.pid = 4800}, 1);

  EXPECT_EQ(CauseOfLast(), born);
}

}  // namespace
}  // namespace colmeia::master
