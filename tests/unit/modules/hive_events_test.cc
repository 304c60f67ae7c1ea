#include "modules/hive_events.h"

#include <memory>
#include <utility>

#include <gmock/gmock.h>

#include "loop/loop.h"
#include "scoreboard/board.h"
#include "support/deadline.h"
#include "trace/ring.h"

namespace colmeia::modules {
namespace {

using Pulled = pipeline::BodySource::Pulled;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HiveEventsTest : public testing::Test {
 protected:
  HiveEventsTest() {
    services.board = &board;
    services.trace = &reader;
    services.loop = &loop;
    services.now = loop.Now();
  }

  void Record(int times) {
    for (int i = 0; i < times; ++i) writer.Record({.kind = trace::EventKind::kSignal, .text = "signal"});
  }
  void Open(std::uint64_t after = 0) {
    stream = std::make_unique<HiveEvents>(services, after);
    stream->SetReader([this] { ++woken; });
  }
  // All that is there now.
  std::string PullAll() {
    services.now = loop.Now();
    std::string out;
    for (int pulls = 0; pulls < 1000; ++pulls) {
      pipeline::Piece piece;
      last = stream->Next(piece);
      out += piece.memory;
      if (last != Pulled::kMore) return out;
    }
    ADD_FAILURE() << "it never has enough";
    return out;
  }
  void UntilWoken() {
    const auto deadline = std::chrono::steady_clock::now() + kTestDeadline;
    for (const int before = woken; woken == before;) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nothing woke the reader";
      loop.RunOnce();
    }
  }
  static std::size_t Count(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
    return count;
  }

  scoreboard::Board board = std::move(*scoreboard::Board::Create());
  trace::Writer writer = std::move(*trace::Writer::Create());
  trace::Reader reader = std::move(*trace::Reader::Open(writer.fd()));
  loop::Loop loop;
  pipeline::Services services;
  std::unique_ptr<HiveEvents> stream;
  Pulled last = Pulled::kMore;
  int woken = 0;
};

TEST_F(HiveEventsTest, GreetsThenTellsTheStateThenWhatHasHappened) {
  Record(2);
  Open();

  const std::string text = PullAll();

  EXPECT_EQ(last, Pulled::kWait);
  EXPECT_THAT(text, StartsWith("retry: 1000\nevent: hello\ndata: {\"version\":\"" COLMEIA_VERSION
                               "\",\"trace_newest\":2}\n\nevent: state\ndata: {\"server\":{"));
  EXPECT_THAT(text, HasSubstr("}\n\nevent: trace\nid: 2\ndata: [{\"seq\":1,"));
  EXPECT_THAT(text, testing::EndsWith("}]\n\n"));
}

TEST_F(HiveEventsTest, ANewReaderGetsTheLastTwoHundredRecords) {
  Record(1000);
  Open();

  const std::string text = PullAll();

  EXPECT_EQ(Count(text, "\"seq\":"), 200u);
  EXPECT_THAT(text, AllOf(HasSubstr("\"seq\":801,"), Not(HasSubstr("\"seq\":800,")), HasSubstr("\nid: 1000\n")));
}

TEST_F(HiveEventsTest, AReaderThatComesBackGetsAllThatFollowedEachOnce) {
  Record(1000);
  Open(/*after=*/300);

  const std::string text = PullAll();

  EXPECT_EQ(Count(text, "\"seq\":"), 700u);
  for (int number = 301; number <= 1000; ++number) {
    EXPECT_EQ(Count(text, "\"seq\":" + std::to_string(number) + ","), 1u) << number;
  }
}

TEST_F(HiveEventsTest, AReaderOfAnotherServersRecordsBeginsAnew) {
  Record(3);
  Open(/*after=*/5000);

  EXPECT_EQ(Count(PullAll(), "\"seq\":"), 3u);
}

TEST_F(HiveEventsTest, AReaderThatWasOvertakenGetsWhatIsLeft) {
  Record(5);
  Open();
  PullAll();
  Record(static_cast<int>(trace::kDefaultCapacity) + 100);

  const std::string text = PullAll();

  EXPECT_EQ(Count(text, "\"seq\":"), trace::kDefaultCapacity);
  EXPECT_THAT(text, HasSubstr("\nid: " + std::to_string(trace::kDefaultCapacity + 105) + "\n"));
}

TEST_F(HiveEventsTest, WakesItsReaderForNewRecords) {
  Open();
  PullAll();

  Record(1);
  UntilWoken();

  EXPECT_THAT(PullAll(), StartsWith("event: trace\nid: 1\n"));
}

TEST_F(HiveEventsTest, WakesItsReaderForTheNextState) {
  Open();
  PullAll();

  UntilWoken();

  EXPECT_THAT(PullAll(), AllOf(StartsWith("event: state\n"), Not(HasSubstr("\nid:"))));
}

TEST_F(HiveEventsTest, AReaderThatWasAwayForLongGetsOneStateNotAll) {
  Open();
  PullAll();
  const auto deadline = loop.Now() + std::chrono::milliseconds(2100);
  while (loop.Now() < deadline) loop.RunOnce();

  EXPECT_EQ(Count(PullAll(), "event: state"), 1u);
}

TEST_F(HiveEventsTest, EndsWhenTheWorkerDrains) {
  Open();
  PullAll();

  stream->Drain();

  EXPECT_EQ(PullAll(), "");
  EXPECT_EQ(last, Pulled::kLast);
}

TEST_F(HiveEventsTest, TellsWhatLedToItsEnd) {
  Open();
  PullAll();
  Record(1);

  stream->Drain();

  EXPECT_THAT(PullAll(), StartsWith("event: trace\nid: 1\n"));
  EXPECT_EQ(last, Pulled::kLast);
}

TEST_F(HiveEventsTest, WithoutAMasterThereAreStatesOnly) {
  services.trace = nullptr;
  Open();

  EXPECT_THAT(PullAll(),
              AllOf(HasSubstr("\"trace_newest\":0"), HasSubstr("event: state"), Not(HasSubstr("event: trace"))));
  EXPECT_EQ(last, Pulled::kWait);
}

}  // namespace
}  // namespace colmeia::modules
