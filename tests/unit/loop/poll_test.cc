#include "loop/poll.h"

#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "loop/fixture.h"
#include "sys/sockets.h"

namespace colmeia::loop {
namespace {

class PollTest : public LoopFixture {
 protected:
  void SetUp() override {
    auto pair = sys::SeqPacketPair();
    ASSERT_TRUE(pair);
    near_ = std::move(pair->first);
    far_ = std::move(pair->second);
  }
  void Write(char byte) { ASSERT_EQ(write(far_.get(), &byte, 1), 1); }
  char Read() {
    char byte = 0;
    return read(near_.get(), &byte, 1) == 1 ? byte : '\0';
  }

  sys::UniqueFd near_;
  sys::UniqueFd far_;
};

TEST_F(PollTest, TellsWhenThereIsSomethingToRead) {
  int seen = 0;
  Poll poll(loop, near_.get(), [&](int events) {
    seen = events;
    Read();
  });
  poll.Start(kReadable);
  Turn(2);
  EXPECT_EQ(seen, 0);

  Write('x');

  ASSERT_TRUE(RunUntil([&] { return seen != 0; }));
  EXPECT_EQ(seen, kReadable);
}

TEST_F(PollTest, ChangesWhatItWaitsFor) {
  int seen = 0;
  std::unique_ptr<Poll> poll;
  poll = std::make_unique<Poll>(loop, near_.get(), [&](int events) {
    seen = events;
    poll->Start(kReadable);
  });
  poll->Start(kReadable | kWritable);

  ASSERT_TRUE(RunUntil([&] { return seen != 0; }));
  EXPECT_EQ(seen, kWritable);
  EXPECT_EQ(poll->events(), kReadable);

  Write('x');
  ASSERT_TRUE(RunUntil([&] { return seen == kReadable; }));
}

TEST_F(PollTest, TellsOfThePeersEnd) {
  int seen = 0;
  std::unique_ptr<Poll> poll;
  poll = std::make_unique<Poll>(loop, near_.get(), [&](int events) {
    seen = events;
    poll->Stop();
  });
  poll->Start(kReadable | kDisconnect);

  far_.reset();

  ASSERT_TRUE(RunUntil([&] { return seen != 0; }));
  EXPECT_TRUE(seen & kReadable);
  EXPECT_EQ(Read(), '\0');
}

TEST_F(PollTest, MayStopAndDestroyItselfInItsCallback) {
  int calls = 0;
  std::unique_ptr<Poll> poll;
  poll = std::make_unique<Poll>(loop, near_.get(), [&calls, &poll](int) {
    poll->Stop();
    poll.reset();
    ++calls;
  });
  poll->Start(kReadable);
  Write('x');

  ASSERT_TRUE(RunUntil([&] { return calls > 0; }));
  Turn(3);

  EXPECT_EQ(calls, 1);
}

TEST_F(PollTest, StoppedOneLeavesItsNumberToOthers) {
  Poll old_owner(loop, near_.get(), [](int) {});
  old_owner.Start(kReadable);
  Turn(1);
  old_owner.Stop();
  int seen = 0;
  {
    Poll new_owner(loop, near_.get(), [&](int events) {
      seen = events;
      Read();
    });
    new_owner.Start(kReadable);
    Turn(2);  // the old handle is closed by now
    Write('x');
    ASSERT_TRUE(RunUntil([&] { return seen != 0; }));
  }
}

}  // namespace
}  // namespace colmeia::loop
