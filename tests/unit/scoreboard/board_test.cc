#include "scoreboard/board.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace colmeia::scoreboard {
namespace {

using testing::HasSubstr;

class BoardTest : public testing::Test {
 protected:
  // A worker that serves.
  SlotWriter Ready(std::uint32_t slot, std::uint32_t generation = 1) {
    board.Occupy(slot, {.pid = static_cast<std::int32_t>(1000 + slot), .generation = generation, .seat = slot});
    board.SetState(slot, SlotState::kReady);
    return board.Writer(slot);
  }

  // What somebody with a writable mapping of all of it could do.
  sys::Mapping Everything() {
    return std::move(*sys::Mapping::MapShared(board.fd(), geometry.size(), /*writable=*/true));
  }

  Board board = std::move(*Board::Create());
  const Geometry geometry{static_cast<std::size_t>(sysconf(_SC_PAGESIZE))};
};

TEST_F(BoardTest, AnOccupiedSlotSaysByWhom) {
  board.Occupy(7, {.pid = 4711, .generation = 3, .seat = 2});

  const SlotView view = board.Read(7);
  EXPECT_EQ(view.state, SlotState::kStarting);
  EXPECT_EQ(view.pid, 4711);
  EXPECT_EQ(view.generation, 3u);
  EXPECT_EQ(view.seat, 2u);
  EXPECT_GT(view.started_ns, 0u);
  EXPECT_GT(view.started_wall_ms, 1'600'000'000'000u);
  EXPECT_EQ(view.heartbeat_ns, 0u);
  EXPECT_EQ(board.used_slots(), 8u);
  EXPECT_EQ(board.Read(6).state, SlotState::kEmpty);
}

TEST_F(BoardTest, TheServersStateIsShown) {
  board.SetServer(ServerState::kDegraded, 5);

  EXPECT_EQ(board.Server().state, ServerState::kDegraded);
  EXPECT_EQ(board.Server().generation, 5u);
  EXPECT_EQ(board.Server().master_pid, getpid());
}

TEST_F(BoardTest, AnotherMappingSeesWhatAWorkerCounts) {
  Result<Board> worker = Board::Open(board.fd(), 1);
  ASSERT_TRUE(worker) << worker.error().message;
  board.Occupy(1, {.pid = 1});

  SlotWriter writer = worker->Writer(1);
  writer.Add(Total::kRequests, 3);
  writer.Beat(99);

  EXPECT_EQ(board.Read(1).counts[Total::kRequests], 3u);
  EXPECT_EQ(board.Read(1).heartbeat_ns, 99u);
  EXPECT_EQ(worker->fd(), -1);
}

TEST_F(BoardTest, AnotherProcessCountsIntoTheSameBoard) {
  Ready(0);

  const pid_t child = fork();
  if (child == 0) {
    board.Writer(0).Add(Total::kAccepts, 41);
    _exit(0);
  }
  waitpid(child, nullptr, 0);

  EXPECT_EQ(board.Sum()[Total::kAccepts], 41u);
}

TEST_F(BoardTest, TotalsOfARetiredWorkerStayAndItsGaugesVanish) {
  SlotWriter dying = Ready(0);
  SlotWriter living = Ready(1);
  dying.Add(Total::kRequests, 10);
  dying.Raise(Gauge::kWriting);
  dying.AddLag(50'000);
  living.Add(Total::kRequests, 5);
  living.Raise(Gauge::kWriting);

  board.SetState(0, SlotState::kKilled);
  board.Retire(0);

  const Counts sum = board.Sum();
  EXPECT_EQ(sum[Total::kRequests], 15u);
  EXPECT_EQ(sum[Gauge::kWriting], 1u);
  EXPECT_EQ(sum.lag[LagBucket(50'000)], 1u);
  EXPECT_EQ(board.Read(0).state, SlotState::kEmpty);
  EXPECT_EQ(board.Read(0).pid, 0);
  EXPECT_EQ(board.Read(0).counts, Counts{});
}

TEST_F(BoardTest, GaugesOfAWorkerThatIsGoneAreNotSummedBeforeItIsRetired) {
  Ready(0).Raise(Gauge::kConnections);

  board.SetState(0, SlotState::kGone);

  EXPECT_EQ(board.Sum()[Gauge::kConnections], 0u);
}

TEST_F(BoardTest, LagIsTheHighestOfAllNotTheSum) {
  Ready(0).AddLag(300);
  Ready(1).AddLag(200);

  EXPECT_EQ(board.Sum()[Gauge::kLagMaxNs], 300u);
  EXPECT_EQ(board.Sum()[Gauge::kLagLastNs], 300u);
}

TEST_F(BoardTest, APictureHasThePastAndEveryoneAndTheirSumExactly) {
  Ready(0).Add(Total::kRequests, 10);
  board.Retire(0);
  Ready(2).Add(Total::kRequests, 7);
  SlotWriter other = Ready(5, /*generation=*/2);
  other.Add(Total::kRequests, 5);
  other.Raise(Gauge::kConnections);

  const Picture picture = board.Look();

  EXPECT_EQ(picture.past[Total::kRequests], 10u);
  ASSERT_EQ(picture.slots.size(), 2u);
  EXPECT_EQ(picture.slots[0].first, 2u);
  EXPECT_EQ(picture.slots[1].first, 5u);
  EXPECT_EQ(picture.slots[1].second.generation, 2u);
  EXPECT_EQ(picture.slots[1].second.counts[Total::kRequests], 5u);
  EXPECT_EQ(picture.sum[Total::kRequests], 22u);
  EXPECT_EQ(picture.sum[Gauge::kConnections], 1u);
}

TEST_F(BoardTest, UsageIsSetAndOutlivesItsWorkerAsFarAsItIsATotal) {
  SlotWriter worker = Ready(0);
  worker.SetUsage(1000, 4096);
  worker.SetUsage(2500, 8192);

  EXPECT_EQ(board.Sum()[Total::kCpuUs], 2500u);
  EXPECT_EQ(board.Sum()[Gauge::kRssBytes], 8192u);
  board.Retire(0);
  EXPECT_EQ(board.Sum()[Total::kCpuUs], 2500u);
  EXPECT_EQ(board.Sum()[Gauge::kRssBytes], 0u);
}

TEST_F(BoardTest, TheMastersRecordTellsOfReloadsAndRespawns) {
  EXPECT_FALSE(board.Server().last_reload);

  board.AddRespawn();
  board.AddRespawn();
  board.SetUsage(77, 4096);
  board.AddReload({.generation = 2, .succeeded = true, .wall_ms = 1000, .duration_us = 41'000, .why = ""});
  const Reload failed{.generation = 3, .succeeded = false, .wall_ms = 2000, .duration_us = 5, .why = "no such file"};
  board.AddReload(failed);

  const ServerView server = board.Server();
  EXPECT_EQ(server.respawns, 2u);
  EXPECT_EQ(server.cpu_us, 77u);
  EXPECT_EQ(server.rss_bytes, 4096u);
  EXPECT_EQ(server.reloads_succeeded, 1u);
  EXPECT_EQ(server.reloads_failed, 1u);
  EXPECT_EQ(server.last_reload, failed);
  EXPECT_EQ(server.last_failed_reload, failed);
}

TEST_F(BoardTest, AReloadThatFailedIsRememberedAfterOnesThatSucceed) {
  const Reload failed{.generation = 2, .succeeded = false, .wall_ms = 2000, .duration_us = 5, .why = "no such file"};
  const Reload later{.generation = 3, .succeeded = true, .wall_ms = 3000, .duration_us = 7, .why = ""};
  board.AddReload(later);
  EXPECT_FALSE(board.Server().last_failed_reload);

  board.AddReload(failed);
  board.AddReload(later);

  const Board worker = std::move(*Board::Open(board.fd(), 3));
  for (const ServerView& server : {board.Server(), worker.Server()}) {
    EXPECT_EQ(server.last_reload, later);
    EXPECT_EQ(server.last_failed_reload, failed);
  }
}

TEST_F(BoardTest, ALongReasonIsCutBetweenCharacters) {
  std::string why(Reload::kMaxWhy - 1, 'x');
  board.AddReload({.generation = 2, .why = why + "\u00e9"});

  EXPECT_EQ(board.Server().last_reload->why, why);
}

TEST_F(BoardTest, ARetiredSlotIsUsedAgainAndTheSumGoesOn) {
  for (int life = 0; life < 3; ++life) {
    Ready(0).Add(Total::kRequests, 100);
    board.Retire(0);
  }

  EXPECT_EQ(board.Sum()[Total::kRequests], 300u);
  EXPECT_EQ(board.used_slots(), 1u);
}

TEST_F(BoardTest, TheLockIsOneWorkersUntilItGivesItBack) {
  Ready(0);
  Ready(1);
  AcceptLock lock = board.accept_lock();

  EXPECT_TRUE(lock.TryLock(0));
  EXPECT_TRUE(lock.TryLock(0)) << "it has it already";
  EXPECT_FALSE(lock.TryLock(1));
  EXPECT_FALSE(lock.Unlock(1)) << "not its own";
  EXPECT_EQ(lock.holder(), 0u);

  EXPECT_TRUE(lock.Unlock(0));
  EXPECT_EQ(lock.holder(), std::nullopt);
  EXPECT_TRUE(lock.TryLock(1));
}

TEST_F(BoardTest, ALockDoesNotOutliveItsHolder) {
  Ready(0);
  Ready(1);
  ASSERT_TRUE(board.accept_lock().TryLock(0));

  board.Retire(1);
  EXPECT_EQ(board.accept_lock().holder(), 0u);
  board.Retire(0);

  EXPECT_EQ(board.accept_lock().holder(), std::nullopt);
}

TEST_F(BoardTest, AShareHasWhatTheReadySeatsOfAGenerationHave) {
  for (const std::uint32_t slot : {0, 1}) Ready(slot);
  for (const std::uint32_t slot : {0, 1}) {
    SlotWriter writer = board.Writer(slot);
    writer.Add(Total::kAccepts, 10 + slot);
    writer.Set(Gauge::kConnections, 4 - slot);
  }
  Ready(2, /*generation=*/2).Set(Gauge::kConnections, 100);

  const Share all = board.ShareOf(1);
  EXPECT_EQ(all.seats, 2u);
  EXPECT_EQ(all.accepts, 21u);
  EXPECT_EQ(all.least_accepts, 10u);
  EXPECT_EQ(all.least_connections, 3u);
}

TEST_F(BoardTest, MeanAcceptsCountsReadySeatsOfTheGenerationOnly) {
  SlotWriter first = Ready(0);
  SlotWriter second = Ready(1);
  first.Add(Total::kAccepts, 10);
  second.Add(Total::kAccepts, 20);
  Ready(2, /*generation=*/2).Add(Total::kAccepts, 1000);
  Ready(3).Add(Total::kAccepts, 1000);
  board.SetState(3, SlotState::kDraining);
  board.Occupy(4, {.pid = 5, .generation = 1, .seat = 4});

  EXPECT_EQ(board.MeanAccepts(1), 15u);
  EXPECT_EQ(board.MeanAccepts(2), 1000u);
  EXPECT_EQ(board.MeanAccepts(3), 0u);
}

TEST_F(BoardTest, AReplacementEntersAtTheMeanOfItsElders) {
  SlotWriter first = Ready(0);
  SlotWriter second = Ready(1);
  first.Add(Total::kAccepts, 1000);
  second.Add(Total::kAccepts, 2000);
  SlotWriter replacement = Ready(2);

  replacement.Add(Total::kAccepts, 3);

  EXPECT_EQ(board.LeveledAccepts(2), 1503u);
  EXPECT_EQ(board.MeanAccepts(1), 1501u);
  EXPECT_EQ(board.Sum()[Total::kAccepts], 3003u);
}

TEST_F(BoardTest, NoReaderEverCountsARetiringWorkerTwiceOrNotAtAll) {
  constexpr std::uint64_t kLives = 20'000;
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> born = 0;  // counts that surely stand in the board
  std::uint64_t wrong = 0;
  std::thread reader([&] {
    Board own = std::move(*Board::Open(board.fd(), 7));
    std::uint64_t last = 0;
    while (!stop) {
      const std::uint64_t least = born;
      const std::uint64_t sum = own.Sum()[Total::kRequests];
      const std::uint64_t most = born + 7;
      wrong += sum < least || sum > most || sum < last;
      last = sum;
    }
  });

  for (std::uint64_t life = 0; life < kLives; ++life) {
    board.Occupy(3, {.pid = 1});
    board.Writer(3).Add(Total::kRequests, 7);
    born += 7;
    board.Retire(3);
  }
  stop = true;
  reader.join();

  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(board.Sum()[Total::kRequests], 7 * kLives);
}

TEST_F(BoardTest, MemoryThatIsNotAScoreboardIsRefused) {
  const sys::UniqueFd zeroes = std::move(*sys::SharedMemfd("test", geometry.size()));
  const sys::UniqueFd shorter = std::move(*sys::SharedMemfd("test", 4096));

  EXPECT_THAT(Board::Open(zeroes.get(), 0).error().message, HasSubstr("not a scoreboard"));
  EXPECT_FALSE(Board::Open(shorter.get(), 0));
  EXPECT_FALSE(Board::Open(-1, 0));
}

TEST_F(BoardTest, AnotherLayoutIsRefusedByNumber) {
  static_cast<Header*>(Everything().data())->version.store(77);

  EXPECT_THAT(Board::Open(board.fd(), 0).error().message,
              HasSubstr("has layout 77, this process knows layout " + std::to_string(kBoardVersion)));
}

TEST_F(BoardTest, NoWorkerCanShrinkTheBoardUnderTheOthers) { EXPECT_NE(ftruncate(board.fd(), 0), 0); }

TEST_F(BoardTest, AWorkerCanMakeNoMoreOfItWritableThanItsOwnPageAndTheLocks) {
  const Board worker = std::move(*Board::Open(board.fd(), 3));
  std::size_t writable = 0;
  std::size_t others = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("colmeia-scoreboard") == std::string::npos) continue;
    const std::size_t begin = std::stoull(line, nullptr, 16);
    const std::size_t size = std::stoull(line.substr(line.find('-') + 1), nullptr, 16) - begin;
    if (size == geometry.size() && line.find(" rw-s ") != std::string::npos) continue;  // the master's, in this test
    if (line.find(" rw-s ") != std::string::npos) {
      writable += size;
    } else {
      others += size;
      EXPECT_NE(mprotect(reinterpret_cast<void*>(begin), size, PROT_READ | PROT_WRITE), 0) << line;
    }
  }

  EXPECT_EQ(writable, 2 * geometry.page_size);
  EXPECT_EQ(others, geometry.size());
}

TEST_F(BoardTest, TheMasterGoesByWhatItKnowsWhateverStandsInTheMemory) {
  Ready(0).Add(Total::kRequests, 10);
  Ready(1).Add(Total::kRequests, 5);
  board.Retire(1);
  board.AddReload({.generation = 2, .succeeded = true});
  const sys::Mapping everything = Everything();
  std::memset(everything.data(), 0xa5, geometry.SlotAt(0));

  EXPECT_EQ(board.StateOf(0), SlotState::kReady);
  EXPECT_EQ(board.Read(0).pid, 1000);
  EXPECT_EQ(board.used_slots(), 2u);
  EXPECT_EQ(board.Sum()[Total::kRequests], 15u);
  EXPECT_EQ(board.Server().reloads_succeeded, 1u);
  board.Occupy(1, {.pid = 7});
  board.SetState(1, SlotState::kReady);
  board.Retire(1);
  board.Retire(0);
  EXPECT_TRUE(board.Look().slots.empty());
}

TEST_F(BoardTest, LiesAreNoCountsAndSpoilNoSum) {
  SlotWriter liar = Ready(0);
  Ready(1).Add(Total::kRequests, 5);
  liar.Add(Total::kRequests, UINT64_MAX - 3);
  liar.Set(Gauge::kConnections, UINT64_MAX);
  liar.Add(Total::kAccepts, kMostCount);
  board.Writer(1).Add(Total::kAccepts, kMostCount);

  EXPECT_EQ(board.Sum()[Total::kRequests], 5u);
  EXPECT_EQ(board.Sum()[Gauge::kConnections], 0u);
  EXPECT_EQ(board.Sum()[Total::kAccepts], kMostCount) << "no sum goes beyond it";
  board.Retire(0);
  EXPECT_EQ(board.Sum()[Total::kRequests], 5u);
  EXPECT_LE(board.ShareOf(1).MeanAccepts(), kMostCount);
}

TEST_F(BoardTest, ALockThatHoldsWhatIsNoSlotCanBeBroken) {
  AcceptLock lock = board.accept_lock();
  const sys::Mapping everything = Everything();
  reinterpret_cast<Cell*>(static_cast<char*>(everything.data()) + geometry.LockAt())->store(UINT64_MAX);

  EXPECT_TRUE(lock.held());
  EXPECT_EQ(lock.holder(), std::nullopt);
  EXPECT_FALSE(lock.TryLock(1));
  EXPECT_TRUE(lock.Break());
  EXPECT_TRUE(lock.TryLock(1));
}

TEST_F(BoardTest, LookingTouchesNoPageOfAnEmptySlot) {
  Ready(0);
  Ready(900);
  board.Retire(900);
  const Board worker = std::move(*Board::Open(board.fd(), 0));

  static_cast<void>(worker.Look());
  static_cast<void>(worker.Read(500));

  std::vector<unsigned char> resident(kSlots);
  const sys::Mapping everything = Everything();
  ASSERT_EQ(
      mincore(static_cast<char*>(everything.data()) + geometry.SlotAt(0), kSlots * geometry.page_size, resident.data()),
      0);
  for (std::uint32_t slot = 1; slot < kSlots; ++slot) EXPECT_EQ(resident[slot] & 1, slot == 900 ? 1 : 0) << slot;
}

TEST(BoardDeathTest, AWorkerHasNoPenForOthers) {
  const Board board = std::move(*Board::Create());
  Board worker = std::move(*Board::Open(board.fd(), 1));

  EXPECT_DEATH((void)worker.Writer(2), "own_index_");
}

TEST(BoardDeathTest, ASlotHasOneOccupantAtATime) {
  Board board = std::move(*Board::Create());
  board.Occupy(0, {.pid = 1});

  EXPECT_DEATH(board.Occupy(0, {.pid = 2}), "kEmpty");
  EXPECT_DEATH((void)board.Read(kSlots), "kSlots");
}

}  // namespace
}  // namespace colmeia::scoreboard
