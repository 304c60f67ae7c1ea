#include "trace/ring.h"
#include "support/deadline.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>

namespace colmeia::trace {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

// The end of waiting for another thread, which may get no CPU for a while.
class Patience {
 public:
  [[nodiscard]] bool is_over() const { return std::chrono::steady_clock::now() > end_; }

 private:
  std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + kTestDeadline;
};

class RingTest : public testing::Test {
 protected:
  Writer writer = std::move(*Writer::Create(8));
  Reader reader = std::move(*Reader::Open(writer.fd()));
};

TEST_F(RingTest, AnEventComesBackWhole) {
  const Event sent = {.kind = EventKind::kSend,
                      .peer = Peer::kWorker,
                      .slot = 3,
                      .seat = 1,
                      .generation = 2,
                      .pid = 4711,
                      .message_type = 8,
                      .frame_sequence = 12,
                      .in_reply_to = 9,
                      .size = 28,
                      .fds = 2,
                      .cause = 1,
                      .text = "Drain deadline=5000ms"};

  writer.Record({.kind = EventKind::kSignal});
  writer.Record(sent);

  const std::vector<Event> events = reader.Snapshot();
  ASSERT_EQ(events.size(), 2u);
  Event expected = sent;
  expected.sequence = 2;
  expected.monotonic_ns = events[1].monotonic_ns;
  expected.wall_ns = events[1].wall_ns;
  EXPECT_EQ(events[1], expected);
  EXPECT_EQ(events[0].slot, kNoSlot);
  EXPECT_GE(events[1].monotonic_ns, events[0].monotonic_ns);
  EXPECT_GT(events[1].wall_ns, 1'600'000'000'000'000'000u);
}

TEST_F(RingTest, AnEmptyRingHasNoEvents) {
  EXPECT_EQ(reader.newest(), 0u);
  EXPECT_THAT(reader.Snapshot(), testing::IsEmpty());
}

TEST_F(RingTest, NumbersGoUpFromOneAndServeAsCauses) {
  const std::uint64_t first = writer.Record({.kind = EventKind::kSignal});
  const std::uint64_t second = writer.Record({.kind = EventKind::kKill, .cause = first});

  EXPECT_EQ(first, 1u);
  EXPECT_EQ(second, 2u);
  EXPECT_EQ(reader.newest(), 2u);
  EXPECT_EQ(reader.Snapshot().back().cause, first);
}

TEST_F(RingTest, TheOldestEventsAreForgotten) {
  for (int i = 0; i < 20; ++i) writer.Record({.kind = EventKind::kState, .text = std::to_string(i)});

  const std::vector<Event> events = reader.Snapshot();

  ASSERT_EQ(events.size(), 8u);
  EXPECT_EQ(events.front().sequence, 13u);
  EXPECT_EQ(events.front().text, "12");
  EXPECT_EQ(events.back().sequence, 20u);
}

TEST_F(RingTest, ASnapshotMayBeginAfterAnEvent) {
  for (int i = 0; i < 5; ++i) writer.Record({.kind = EventKind::kState});

  EXPECT_THAT(reader.Snapshot(3), ElementsAre(Field(&Event::sequence, 4u), Field(&Event::sequence, 5u)));
  EXPECT_THAT(reader.Snapshot(5), testing::IsEmpty());
  EXPECT_THAT(reader.Snapshot(99), testing::IsEmpty());
}

TEST_F(RingTest, LongTextIsCutAtACharacter) {
  writer.Record({.kind = EventKind::kSend, .text = std::string(500, 'x')});
  writer.Record({.kind = EventKind::kSend, .text = std::string(kMaxText - 1, 'x') + "\xc3\xa9"});  // e with an accent
  writer.Record({.kind = EventKind::kSend, .text = std::string(kMaxText, 'x')});
  writer.Record({.kind = EventKind::kSend, .text = std::string("a\0b", 3)});

  const std::vector<Event> events = reader.Snapshot();
  EXPECT_EQ(events[0].text, std::string(kMaxText, 'x'));
  EXPECT_EQ(events[1].text, std::string(kMaxText - 1, 'x'));
  EXPECT_EQ(events[2].text, std::string(kMaxText, 'x'));
  EXPECT_EQ(events[3].text, "a");
}

TEST_F(RingTest, ASnapshotMayBeLimited) {
  for (int i = 0; i < 20; ++i) writer.Record({.kind = EventKind::kState});

  EXPECT_EQ(reader.oldest(), 13u);
  EXPECT_THAT(reader.Snapshot(2, 2), ElementsAre(Field(&Event::sequence, 13u), Field(&Event::sequence, 14u)));
}

TEST_F(RingTest, TheBytesOfAFrameComeBack) {
  const std::string thirteen = "thirteen byte";
  writer.Record({.kind = EventKind::kSend, .size = 13}, thirteen);
  writer.Record({.kind = EventKind::kState});

  const std::vector<Event> events = reader.Snapshot();
  EXPECT_EQ(reader.Frame(events[0]), thirteen);
  EXPECT_EQ(reader.Frame(events[1]), std::nullopt);
}

TEST_F(RingTest, FramesGiveWayToLaterOnesBeforeTheirEventsDo) {
  Writer small = std::move(*Writer::Create(8, 64));
  const Reader looking = std::move(*Reader::Open(small.fd()));
  const auto send = [&](std::size_t size, char c) {
    small.Record({.kind = EventKind::kSend, .size = static_cast<std::uint32_t>(size)}, std::string(size, c));
  };
  send(20, 'a');  // 24 with its padding
  send(40, 'b');  // all 64 are taken
  const std::vector<Event> first = looking.Snapshot();
  EXPECT_EQ(looking.Frame(first[0]), std::string(20, 'a'));

  send(1, 'c');  // goes over the edge, onto 'a'

  const std::vector<Event> events = looking.Snapshot();
  EXPECT_EQ(looking.Frame(first[0]), std::nullopt);
  EXPECT_EQ(looking.Frame(events[1]), std::string(40, 'b'));
  EXPECT_EQ(looking.Frame(events[2]), "c");

  send(65, 'd');  // too long to be kept: the event is all there is, and nobody lost a place
  EXPECT_EQ(looking.Frame(looking.Snapshot().back()), std::nullopt);
  EXPECT_EQ(looking.Frame(events[2]), "c");
}

TEST_F(RingTest, AFrameIsWholeOrGoneWhileTheWriterGoesOn) {
  Writer busy = std::move(*Writer::Create(8, 256));
  const Reader looking = std::move(*Reader::Open(busy.fd()));
  std::atomic<bool> stop = false;
  std::uint64_t torn = 0;
  std::atomic<std::uint64_t> seen = 0;
  std::thread watching([&] {
    while (!stop) {
      for (const Event& event : looking.Snapshot()) {
        const auto frame = looking.Frame(event);
        if (!frame) continue;
        torn += *frame != std::string(event.size, static_cast<char>('a' + event.sequence % 26));
        ++seen;
      }
    }
  });

  const Patience patience;
  for (std::uint64_t next = 1; next <= 100'000 || (seen == 0 && !patience.is_over()); ++next) {
    const std::size_t size = 1 + next % 90;
    busy.Record({.kind = EventKind::kSend, .size = static_cast<std::uint32_t>(size)},
                std::string(size, static_cast<char>('a' + next % 26)));
  }
  stop = true;
  watching.join();

  EXPECT_EQ(torn, 0u);
  EXPECT_GT(seen, 0u);
}

TEST_F(RingTest, ASnapshotHoldsOnlyWholeEventsWhileTheWriterGoesOn) {
  std::atomic<bool> stop = false;
  std::uint64_t torn = 0;
  std::atomic<std::uint64_t> seen = 0;
  std::thread watching([&] {
    while (!stop) {
      std::uint64_t last = 0;
      for (const Event& event : reader.Snapshot()) {
        const bool whole = event.cause == event.sequence - 1 && event.frame_sequence == event.sequence % 1000 &&
                           event.text == std::string(40, static_cast<char>('a' + event.sequence % 26));
        torn += !whole || event.sequence <= last;
        last = event.sequence;
        ++seen;
      }
    }
  });

  const Patience patience;
  for (std::uint64_t next = 1; next <= 100'000 || (seen == 0 && !patience.is_over()); ++next) {
    writer.Record({.kind = EventKind::kState,
                   .frame_sequence = static_cast<std::uint32_t>(next % 1000),
                   .cause = next - 1,
                   .text = std::string(40, static_cast<char>('a' + next % 26))});
  }
  stop = true;
  watching.join();

  EXPECT_EQ(torn, 0u);
  EXPECT_GT(seen, 0u);
}

TEST_F(RingTest, NobodyElseCanWriteTheRing) {
  EXPECT_FALSE(sys::Mapping::MapShared(writer.fd(), 4096, /*writable=*/true));
  EXPECT_LT(pwrite(writer.fd(), "x", 1, 0), 0);
  EXPECT_NE(ftruncate(writer.fd(), 0), 0);
  EXPECT_TRUE(Reader::Open(writer.fd()));
}

TEST_F(RingTest, AReaderOutlivesTheDescriptor) {
  writer.Record({.kind = EventKind::kSpawn, .text = "worker"});
  { const Writer gone = std::move(writer); }

  EXPECT_EQ(reader.Snapshot().at(0).text, "worker");
}

TEST(RingOpenTest, MemoryThatIsNotATraceIsRefused) {
  const sys::UniqueFd zeroes = std::move(*sys::SharedMemfd("test", 4096));

  EXPECT_THAT(Reader::Open(zeroes.get()).error().message, HasSubstr("not a trace"));
  EXPECT_FALSE(Reader::Open(-1));
}

}  // namespace
}  // namespace colmeia::trace
