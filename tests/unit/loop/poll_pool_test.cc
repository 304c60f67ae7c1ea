#include "loop/poll_pool.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <utility>

#include "loop/fixture.h"
#include "sys/accept_soon.h"
#include "sys/sockets.h"

namespace colmeia::loop {
namespace {

struct Listener final : PollListener {
  std::function<void(int)> on_poll = [](int) {};
  int seen = 0;
  int calls = 0;
  void OnPoll(int events) override {
    seen = events;
    ++calls;
    on_poll(events);
  }
};

// A TCP connection: its resets are what clients do to us.
struct Connection {
  sys::UniqueFd near;
  sys::UniqueFd far;
};

Connection TcpPair() {
  auto listener = sys::Listen(*sys::Address::FromIp("127.0.0.1", 0));
  EXPECT_TRUE(listener);
  auto client = sys::Connect(*sys::Address::LocalOf(listener->get()));
  EXPECT_TRUE(client);
  sys::Accepted accepted = sys::AcceptSoon(listener->get());
  EXPECT_EQ(accepted.status, sys::AcceptStatus::kAccepted);
  return {std::move(accepted.fd), std::move(*client)};
}

class PollPoolTest : public LoopFixture {
 protected:
  PollPool pool{loop};
};

TEST_F(PollPoolTest, TellsTheListenerOfItsDescriptor) {
  Connection connection = TcpPair();
  sys::UniqueFd& near = connection.near;
  sys::UniqueFd& far = connection.far;
  Listener listener;
  ASSERT_TRUE(pool.Start(near.get(), kReadable, &listener));
  EXPECT_EQ(pool.active(), 1U);

  ASSERT_EQ(write(far.get(), "x", 1), 1);

  ASSERT_TRUE(RunUntil([&] { return listener.calls > 0; }));
  EXPECT_EQ(listener.seen, kReadable);
  pool.Stop(near.get());
  EXPECT_EQ(pool.active(), 0U);
}

TEST_F(PollPoolTest, UsesTheHandleOfANumberAgain) {
  Connection connection = TcpPair();
  sys::UniqueFd& near = connection.near;
  sys::UniqueFd& far = connection.far;
  const int number = near.get();
  Listener first;
  Listener second;
  ASSERT_TRUE(pool.Start(number, kReadable, &first));
  Turn(1);
  pool.Stop(number);
  near.reset();
  far.reset();

  Connection other = TcpPair();
  sys::UniqueFd& again = other.near;
  sys::UniqueFd& peer = other.far;
  // The lowest free number is given again, if need be by moving it there.
  if (again.get() != number) {
    ASSERT_EQ(dup2(again.get(), number), number);
    again = sys::UniqueFd(number);
  }
  ASSERT_TRUE(pool.Start(number, kReadable, &second));
  ASSERT_EQ(write(peer.get(), "x", 1), 1);

  ASSERT_TRUE(RunUntil([&] { return second.calls > 0; }));
  EXPECT_EQ(first.calls, 0);
  EXPECT_EQ(pool.kept(), 1U);
  pool.Stop(number);
}

TEST_F(PollPoolTest, StartWithTheSameEventsOnlyChangesTheListener) {
  Connection connection = TcpPair();
  sys::UniqueFd& near = connection.near;
  sys::UniqueFd& far = connection.far;
  Listener first;
  Listener second;
  ASSERT_TRUE(pool.Start(near.get(), kReadable, &first));
  ASSERT_TRUE(pool.Start(near.get(), kReadable, &second));
  EXPECT_EQ(pool.active(), 1U);

  ASSERT_EQ(write(far.get(), "x", 1), 1);

  ASSERT_TRUE(RunUntil([&] { return second.calls > 0; }));
  EXPECT_EQ(first.calls, 0);
  pool.Stop(near.get());
}

TEST_F(PollPoolTest, StopTakesBackWhatThisTurnHasAlreadySeen) {
  Connection first = TcpPair();
  Connection second = TcpPair();
  Listener one;
  Listener two;
  // Whichever is called first closes the other.
  one.on_poll = [&](int) {
    pool.Stop(second.near.get());
    second.near.reset();
  };
  two.on_poll = [&](int) {
    pool.Stop(first.near.get());
    first.near.reset();
  };
  ASSERT_TRUE(pool.Start(first.near.get(), kReadable, &one));
  ASSERT_TRUE(pool.Start(second.near.get(), kReadable, &two));
  ASSERT_EQ(write(first.far.get(), "x", 1), 1);
  ASSERT_EQ(write(second.far.get(), "x", 1), 1);

  ASSERT_TRUE(RunUntil([&] { return one.calls + two.calls > 0; }));

  EXPECT_TRUE((one.calls == 0) != (two.calls == 0));
  if (first.near) pool.Stop(first.near.get());
  if (second.near) pool.Stop(second.near.get());
}

TEST_F(PollPoolTest, ResetArrivesAsTheEventsThatWereAskedFor) {
  Connection connection = TcpPair();
  sys::UniqueFd& near = connection.near;
  sys::UniqueFd& far = connection.far;
  Listener listener;
  listener.on_poll = [&, fd = near.get()](int) { pool.Stop(fd); };
  ASSERT_TRUE(pool.Start(near.get(), kReadable, &listener));
  Turn(1);

  sys::SetResetOnClose(far.get());
  far.reset();

  ASSERT_TRUE(RunUntil([&] { return listener.calls > 0; }));
  EXPECT_EQ(listener.seen, kReadable);
  char byte = 0;
  EXPECT_EQ(read(near.get(), &byte, 1), -1);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_EQ(pool.active(), 0U);
}

TEST_F(PollPoolTest, ListenerMayDieInItsCallback) {
  Connection connection = TcpPair();
  sys::UniqueFd& near = connection.near;
  sys::UniqueFd& far = connection.far;
  auto listener = std::make_unique<Listener>();
  bool called = false;
  listener->on_poll = [&](int) {
    called = true;
    pool.Stop(near.get());
    near.reset();
    listener.reset();
  };
  ASSERT_TRUE(pool.Start(near.get(), kReadable, listener.get()));
  ASSERT_EQ(write(far.get(), "x", 1), 1);

  ASSERT_TRUE(RunUntil([&] { return called; }));
  Turn(2);
}

TEST_F(PollPoolTest, StopOfAnUnknownDescriptorDoesNothing) {
  pool.Stop(12345);
  EXPECT_EQ(pool.active(), 0U);
}

}  // namespace
}  // namespace colmeia::loop
