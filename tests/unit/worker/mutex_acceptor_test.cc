#include "worker/mutex_acceptor.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "support/deadline.h"
#include "sys/unique_fd.h"
#include "worker/acceptor_fixture.h"

namespace colmeia::worker {
namespace {

using ipc::AcceptBy;

class MutexAcceptorTest : public AcceptorFixture {
 protected:
  // Turns of the loop in which something could have been accepted.
  void SomeTurns() {
    for (int i = 0; i < 5; ++i) loop.Turn();
  }

  std::unique_ptr<Client> SendingClient() {
    auto client = Connect();
    client->Send(kGetHello);
    return client;
  }
};

TEST_F(MutexAcceptorTest, AcceptsNobodyWhileAnotherHasTheLock) {
  ASSERT_TRUE(board_.accept_lock().TryLock(kOther));
  Make(AcceptBy::kMutex).Start();
  const auto client = Connect();
  client->Send(kGetHello);
  SomeTurns();
  EXPECT_EQ(connections().size(), 0u);

  board_.accept_lock().Unlock(kOther);
  UntilAnswered(*client);
}

TEST_F(MutexAcceptorTest, TriesAgainAfterTheDelayWithoutAnyEvent) {
  ASSERT_TRUE(board_.accept_lock().TryLock(kOther));
  Make(AcceptBy::kMutex, {.mutex_delay = 1ms}).Start();
  bool hung = false;
  loop::Timer guard(loop, [&] { hung = true; });
  guard.StartAfter(kTestDeadline);
  const auto client = Connect();

  // A client waits, but not for this worker: only the delay ends its sleep, and only the guard would without one.
  for (int sleep = 0; sleep < 3; ++sleep) {
    loop.RunOnce();
    ASSERT_FALSE(hung);
    ASSERT_EQ(connections().size(), 0u);
  }
  board_.accept_lock().Unlock(kOther);

  while (connections().size() == 0 && !hung) loop.RunOnce();
  EXPECT_FALSE(hung);
}

TEST_F(MutexAcceptorTest, HoldsTheLockThroughTheSleepAlone) {
  std::optional<std::uint32_t> asleep;
  const loop::BeforeSleep look(loop, [&] { asleep = board_.accept_lock().holder(); });  // the last before the sleep
  auto& acceptor = dynamic_cast<MutexAcceptor&>(Make(AcceptBy::kMutex));
  acceptor.Start();

  SomeTurns();

  EXPECT_EQ(asleep, kSlot);
  EXPECT_FALSE(acceptor.holds());
  EXPECT_EQ(board_.accept_lock().holder(), std::nullopt);
}

TEST_F(MutexAcceptorTest, LeavesTheLockAloneWithoutRoomAndAfterItsEnd) {
  connections(1);
  std::optional<std::uint32_t> asleep;
  const loop::BeforeSleep look(loop, [&] { asleep = board_.accept_lock().holder(); });
  auto& acceptor = Make(AcceptBy::kMutex);
  acceptor.Start();
  const auto first = ConnectBusy();
  const auto second = Connect();
  Until([&] { return acceptor.paused(); });

  SomeTurns();
  EXPECT_EQ(asleep, std::nullopt);

  acceptor_->Stop();
  SomeTurns();
  EXPECT_EQ(asleep, std::nullopt);
}

TEST_F(MutexAcceptorTest, BreaksTheLockOfAWorkerThatIsSilentForLong) {
  const auto beat_now = [&] {
    board_.Writer(kOther).Beat(
        static_cast<std::uint64_t>(std::chrono::nanoseconds(clock.Now().time_since_epoch()).count()));
  };
  ASSERT_TRUE(board_.accept_lock().TryLock(kOther));
  beat_now();
  clock.Advance(1h);
  Make(AcceptBy::kMutex, {.beat = 2h}).Start();
  const auto client = Connect();
  client->Send(kGetHello);
  SomeTurns();
  EXPECT_EQ(connections().size(), 0u) << "an hour is nothing to one that beats every two";

  clock.Advance(6h);
  UntilAnswered(*client);
}

TEST_F(MutexAcceptorTest, BreaksALockThatIsHeldByNobody) {
  Make(AcceptBy::kMutex, {.mutex_delay = 1h}).Start();
  for (const std::uint32_t nobody : {77u, scoreboard::kSlots, UINT32_MAX - 1}) {
    ASSERT_TRUE(board_.accept_lock().TryLock(nobody));

    UntilAnswered(*SendingClient());
  }
}

TEST_F(MutexAcceptorTest, GoesWithoutALockThatIsNotToBeHadWhileClientsWait) {
  ASSERT_TRUE(board_.accept_lock().TryLock(kOther));
  board_.Writer(kOther).Beat(UINT64_MAX);  // as lively as one can be
  Make(AcceptBy::kMutex, {.mutex_delay = 1ms}).Start();

  UntilAnswered(*SendingClient());

  EXPECT_EQ(board_.accept_lock().holder(), kOther);
  UntilAnswered(*SendingClient());
}

TEST_F(MutexAcceptorTest, CallsNobodySilentWhoBeats) {
  const sys::UniqueFd file(memfd_create("log", MFD_CLOEXEC));
  log_.SetTargets({{.fd = file.get(), .level = log::Level::kWarn}});
  ASSERT_TRUE(board_.accept_lock().TryLock(kOther));
  board_.Writer(kOther).Beat(UINT64_MAX);
  Make(AcceptBy::kMutex, {.mutex_delay = 1ms}).Start();

  UntilAnswered(*SendingClient());

  std::array<char, 4096> text{};
  const ssize_t size = pread(file.get(), text.data(), text.size(), 0);
  ASSERT_GT(size, 0);
  const std::string_view said(text.data(), static_cast<std::size_t>(size));
  EXPECT_NE(said.find("held the lock for accepting; the lock is left alone"), std::string_view::npos) << said;
  EXPECT_EQ(said.find("silent"), std::string_view::npos) << said;
}

TEST_F(MutexAcceptorTest, LeavesALockToItsHolderAsLongAsNobodyWaits) {
  ASSERT_TRUE(board_.accept_lock().TryLock(kOther));
  auto& acceptor = dynamic_cast<MutexAcceptor&>(Make(AcceptBy::kMutex, {.mutex_delay = 1ms}));
  acceptor.Start();

  for (int i = 0; i < 3 * MutexAcceptor::kPatience; ++i) loop.RunOnce();  // a delay each

  EXPECT_FALSE(acceptor.alone());
  EXPECT_EQ(board_.accept_lock().holder(), kOther);
}

}  // namespace
}  // namespace colmeia::worker
