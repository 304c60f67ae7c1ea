#include "channel/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "ipc/codec.h"
#include "loop/fixture.h"
#include "sys/files.h"
#include "sys/memfd.h"
#include "sys/sockets.h"

namespace colmeia::channel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Keeps what it hears; may be told to destroy the channel when it hears something.
class Recorder : public ChannelListener {
 public:
  void OnMessage(Received& received) override {
    messages.push_back(std::move(received));
    if (destroy_on_message) channel.reset();
  }
  void OnClosed(std::string why) override {
    ++closings;
    closed = std::move(why);
    EXPECT_FALSE(channel != nullptr && channel->open());
    if (destroy_on_closed) channel.reset();
  }
  void OnTraffic(Traffic direction, const FrameInfo& info) override {
    traffic.push_back((direction == Traffic::kSent ? "sent " : "received ") + ipc::Describe(*info.message));
    EXPECT_EQ(info.bytes.size(), info.size);
    EXPECT_TRUE(ipc::DecodeFrame(info.bytes));
    last = info;
    last.message = nullptr;
    last.bytes = {};
  }

  std::unique_ptr<Channel> channel;
  std::vector<Received> messages;
  std::vector<std::string> traffic;
  FrameInfo last;
  std::string closed;
  int closings = 0;
  bool destroy_on_message = false;
  bool destroy_on_closed = false;
};

std::pair<sys::UniqueFd, sys::UniqueFd> Pair() {
  Result<std::pair<sys::UniqueFd, sys::UniqueFd>> pair = sys::SeqPacketPair();
  EXPECT_TRUE(pair);
  return std::move(*pair);
}

int Memfd(std::string_view text, std::vector<sys::UniqueFd>& keep) {
  keep.push_back(*sys::SealedMemfd("test", text));
  return keep.back().get();
}

// Descriptor numbers that are open in this process.
std::set<int> OpenDescriptors() {
  std::set<int> open;
  for (int fd = 0; fd < 256; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) open.insert(fd);
  }
  return open;
}

// What a peer that keeps no rules sends.
void SendRaw(int socket, std::string_view bytes, const std::vector<int>& fds = {}) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  std::vector<std::size_t> control(CMSG_SPACE(sizeof(int) * fds.size()) / sizeof(std::size_t) + 1);
  if (!fds.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(rights), fds.data(), sizeof(int) * fds.size());
  }
  ASSERT_EQ(sendmsg(socket, &header, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size())) << std::strerror(errno);
}

// Two channels that talk to each other.
class ChannelTest : public loop::LoopFixture {
 protected:
  ChannelTest() {
    auto [left, right] = Pair();
    master.channel = std::make_unique<Channel>(loop, std::move(left), master);
    worker.channel = std::make_unique<Channel>(loop, std::move(right), worker);
  }

  Recorder master;
  Recorder worker;
};

// One channel and a socket in the hands of the test.
class BrokenPeerTest : public loop::LoopFixture {
 protected:
  BrokenPeerTest() {
    auto [left, right] = Pair();
    master.channel = std::make_unique<Channel>(loop, std::move(left), master);
    peer = std::move(right);
  }

  // What the master is told when the peer sends this, once it was told so and all that came along is closed.
  std::string Break(std::string_view bytes, const std::vector<int>& fds = {}) {
    std::set<int> open = OpenDescriptors();
    SendRaw(peer.get(), bytes, fds);
    EXPECT_TRUE(RunUntil([this] { return master.closings > 0; }));
    EXPECT_THAT(master.messages, testing::IsEmpty());
    EXPECT_EQ(OpenDescriptors().size(), open.size() - 1) << "only the channel's own descriptor is closed";
    return master.closed;
  }

  Recorder master;
  sys::UniqueFd peer;
};

TEST_F(ChannelTest, MessagesArriveInBothDirectionsWithTheirNumbers) {
  const std::uint32_t number = master.channel->Send(ipc::Release{.ordinal = 4});
  ASSERT_TRUE(RunUntil([&] { return worker.messages.size() == 1; }));
  worker.channel->Send(ipc::Done{}, {}, worker.messages[0].sequence);
  ASSERT_TRUE(RunUntil([&] { return master.messages.size() == 1; }));

  EXPECT_EQ(worker.messages[0].message, ipc::Message(ipc::Release{.ordinal = 4}));
  EXPECT_EQ(worker.messages[0].in_reply_to, 0u);
  EXPECT_EQ(master.messages[0].message, ipc::Message(ipc::Done{}));
  EXPECT_EQ(master.messages[0].in_reply_to, number);
  EXPECT_EQ(master.channel->Send(ipc::Go{}), number + 1);
}

TEST_F(ChannelTest, DescriptorsTravelInOrderAndTheSenderKeepsItsOwn) {
  std::vector<sys::UniqueFd> keep;
  const std::vector<int> fds = {Memfd("configuration", keep), Memfd("scoreboard", keep), Memfd("trace", keep)};

  master.channel->Send(ipc::Adopt{.slot = 1}, fds);
  ASSERT_TRUE(RunUntil([&] { return worker.messages.size() == 1; }));

  const std::vector<sys::UniqueFd>& got = worker.messages[0].fds;
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(*sys::ReadMemfd(got[ipc::kConfigFd].get()), "configuration");
  EXPECT_EQ(*sys::ReadMemfd(got[ipc::kScoreboardFd].get()), "scoreboard");
  EXPECT_EQ(*sys::ReadMemfd(got[ipc::kTraceFd].get()), "trace");
  for (const sys::UniqueFd& fd : got) EXPECT_EQ(fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
  for (const int fd : fds) EXPECT_GE(fcntl(fd, F_GETFD), 0);
}

TEST_F(ChannelTest, TrafficIsToldOnBothSides) {
  master.channel->Send(ipc::Drain{.deadline = util::Milliseconds(5000)});
  ASSERT_TRUE(RunUntil([&] { return worker.messages.size() == 1; }));

  EXPECT_THAT(master.traffic, ElementsAre("sent Drain deadline=5000ms"));
  EXPECT_THAT(worker.traffic, ElementsAre("received Drain deadline=5000ms"));
  EXPECT_EQ(worker.last.size, 28u);
  EXPECT_EQ(worker.last.sequence, 1u);
  EXPECT_FALSE(master.last.queued);
}

TEST_F(ChannelTest, WhatAFullSocketDoesNotTakeIsQueuedAndArrivesInOrderWithItsDescriptors) {
  constexpr std::uint32_t kMessages = 300;
  const std::string name(4000, 'n');

  for (std::uint32_t i = 0; i < kMessages; ++i) {
    std::vector<sys::UniqueFd> lent;
    master.channel->Send(ipc::Lend{ipc::LentKind::kListener, i, name}, {Memfd(std::to_string(i), lent)});
  }
  const std::size_t queued = master.channel->queued();
  const bool last_was_queued = master.last.queued;
  ASSERT_TRUE(RunUntil([&] { return worker.messages.size() == kMessages; }));

  EXPECT_GT(queued, 0u);
  EXPECT_TRUE(last_was_queued);
  EXPECT_EQ(master.channel->queued(), 0u);
  for (std::uint32_t i = 0; i < kMessages; ++i) {
    const Received& received = worker.messages[i];
    EXPECT_EQ(received.sequence, i + 1);
    EXPECT_EQ(std::get<ipc::Lend>(received.message).ordinal, i);
    EXPECT_EQ(*sys::ReadMemfd(received.fds.at(0).get()), std::to_string(i));
  }
  EXPECT_EQ(master.closings + worker.closings, 0);
}

TEST_F(ChannelTest, NothingIsSentTwiceOrWatchedForAfterTheQueueIsEmpty) {
  for (int i = 0; i < 200; ++i) master.channel->Send(ipc::Failed{.why = std::string(4000, 'w')});
  ASSERT_TRUE(RunUntil([&] { return worker.messages.size() == 200; }));

  master.channel->Send(ipc::Go{});
  ASSERT_TRUE(RunUntil([&] { return worker.messages.size() == 201; }));

  EXPECT_EQ(worker.messages.back().message, ipc::Message(ipc::Go{}));
  EXPECT_EQ(worker.messages.back().sequence, 201u);
}

TEST_F(ChannelTest, TheEndOfThePeerIsToldOnceAfterItsLastMessage) {
  worker.channel->Send(ipc::Failed{.why = "no such user"});
  worker.channel.reset();

  ASSERT_TRUE(RunUntil([&] { return master.closings > 0; }));
  Turn(3);

  ASSERT_EQ(master.messages.size(), 1u);
  EXPECT_EQ(master.messages[0].message, ipc::Message(ipc::Failed{.why = "no such user"}));
  EXPECT_EQ(master.closings, 1);
  EXPECT_EQ(master.closed, "");
  EXPECT_FALSE(master.channel->open());
}

TEST_F(ChannelTest, LastWordsAreHeardOfAPeerThatLeftOurMessagesUnread) {
  master.channel->Send(ipc::Go{});
  worker.channel->Send(ipc::Hello{.pid = 5});
  worker.channel->Send(ipc::Failed{.why = "port is gone"});
  worker.channel.reset();

  ASSERT_TRUE(RunUntil([&] { return master.closings > 0; }));

  ASSERT_EQ(master.messages.size(), 2u);
  EXPECT_EQ(master.messages[1].message, ipc::Message(ipc::Failed{.why = "port is gone"}));
  EXPECT_EQ(master.closings, 1);
}

TEST_F(ChannelTest, SendingToAPeerThatIsGoneStillHearsItsLastWordsAndClosesOnlyFromTheLoop) {
  worker.channel->Send(ipc::Failed{.why = "last words"});
  worker.channel.reset();

  master.channel->Send(ipc::Go{});
  master.channel->Send(ipc::Stop{});
  const int closings_inside_send = master.closings;
  ASSERT_TRUE(RunUntil([&] { return master.closings > 0; }));
  const std::uint32_t after = master.channel->Send(ipc::Go{});

  EXPECT_EQ(closings_inside_send, 0);
  ASSERT_EQ(master.messages.size(), 1u);
  EXPECT_EQ(master.messages[0].message, ipc::Message(ipc::Failed{.why = "last words"}));
  EXPECT_EQ(master.closings, 1);
  EXPECT_EQ(after, 3u);
}

TEST_F(ChannelTest, APeerThatDiesWithAFullSocketClosesTheChannel) {
  for (int i = 0; i < 200; ++i) master.channel->Send(ipc::Failed{.why = std::string(4000, 'w')});
  ASSERT_GT(master.channel->queued(), 0u);
  worker.channel.reset();

  ASSERT_TRUE(RunUntil([&] { return master.closings > 0; }));

  EXPECT_EQ(master.closings, 1);
  EXPECT_EQ(master.channel->queued(), 0u);
}

TEST_F(ChannelTest, TheListenerMayDestroyTheChannelInsideOnMessage) {
  worker.destroy_on_message = true;
  master.channel->Send(ipc::Go{});
  master.channel->Send(ipc::Go{});

  ASSERT_TRUE(RunUntil([&] { return worker.channel == nullptr; }));
  ASSERT_TRUE(RunUntil([&] { return master.closings > 0; }));

  EXPECT_EQ(worker.messages.size(), 1u);
  EXPECT_EQ(worker.closings, 0);
}

TEST_F(ChannelTest, TheListenerMayDestroyTheChannelInsideOnClosed) {
  worker.destroy_on_closed = true;
  master.channel.reset();

  ASSERT_TRUE(RunUntil([&] { return worker.closings > 0; }));

  EXPECT_EQ(worker.channel, nullptr);
}

TEST_F(ChannelTest, AReasonTooLongForAFrameIsCut) {
  worker.channel->Send(ipc::Failed{.why = std::string(1'000'000, 'w')});

  ASSERT_TRUE(RunUntil([&] { return master.messages.size() == 1; }));

  EXPECT_EQ(std::get<ipc::Failed>(master.messages[0].message).why, std::string(32 * 1024, 'w'));
}

TEST_F(ChannelTest, AMessageTooLongForAFrameClosesTheChannelAndIsNamed) {
  std::vector<sys::UniqueFd> keep;
  const std::vector<int> fds = {Memfd("", keep), Memfd("", keep), Memfd("", keep)};
  master.channel->Send(ipc::Adopt{.identity = std::string(100'000, 'i')}, fds);

  ASSERT_TRUE(RunUntil([&] { return master.closings > 0; }));

  EXPECT_THAT(master.closed, HasSubstr("a Adopt message of 100056 bytes is longer than the allowed 65536"));
}

TEST_F(BrokenPeerTest, ASurplusDescriptorIsRefusedAndClosed) {
  EXPECT_EQ(Break(ipc::EncodeFrame(ipc::Ready{}, 1), {0, 1}), "a Ready message came with 2 descriptors instead of 0");
}

TEST_F(BrokenPeerTest, AMissingDescriptorIsRefusedAndTheOthersClosed) {
  EXPECT_EQ(Break(ipc::EncodeFrame(ipc::Compiled{.ok = true}, 1), {0}),
            "a Compiled message came with 1 descriptors instead of 2");
}

TEST_F(BrokenPeerTest, MoreDescriptorsThanThereIsRoomForAreRefusedAndClosed) {
  EXPECT_EQ(Break(ipc::EncodeFrame(ipc::Ready{}, 1), std::vector<int>(100, 0)),
            "descriptors of a message were lost on the way");
}

TEST_F(BrokenPeerTest, DescriptorsOfAMalformedFrameAreClosed) {
  EXPECT_THAT(Break("GET / HTTP/1.1\r\n\r\nabc", {0, 1, 2}), HasSubstr("not with \"colm\""));
}

TEST_F(BrokenPeerTest, ATruncatedFrameIsRefused) {
  EXPECT_THAT(Break(ipc::EncodeFrame(ipc::Failed{.why = "abc"}, 1).substr(0, 25)),
              HasSubstr("says that it has 27 bytes and has 25"));
}

TEST_F(BrokenPeerTest, TrailingBytesAreRefused) {
  EXPECT_THAT(Break(ipc::EncodeFrame(ipc::Ready{}, 1) + "x"), HasSubstr("says that it has 20 bytes and has 21"));
}

TEST_F(BrokenPeerTest, AFrameTooLongIsRefused) {
  EXPECT_THAT(Break(std::string(80'000, 'x')), HasSubstr("longer than the allowed 65536"));
}

TEST_F(BrokenPeerTest, AnUnknownTypeIsRefused) {
  EXPECT_THAT(
      Break(ipc::Encode(ipc::FrameHeader{.type = static_cast<ipc::MessageType>(77), .sequence = 1, .length = 20})),
      HasSubstr("unknown type 77"));
}

TEST_F(BrokenPeerTest, AHelloOfAnotherVersionIsNamed) {
  const std::string payload = ipc::Encode(ipc::Hello{.version = 9, .pid = 123});
  ipc::FrameHeader header{.version = 9, .type = ipc::MessageType::kHello, .sequence = 1, .length = 26};

  EXPECT_EQ(Break(ipc::Encode(header) + payload),
            "the peer, pid 123, speaks version 9 of the channel protocol, this process version 1");
}

TEST_F(BrokenPeerTest, AReplyToNothingIsRefused) {
  EXPECT_EQ(Break(ipc::EncodeFrame(ipc::Done{}, 1, 3)), "a Done message replies to number 3, which was never sent");
}

TEST_F(BrokenPeerTest, ASequenceNumberOfZeroIsRefused) {
  EXPECT_EQ(Break(ipc::EncodeFrame(ipc::Ready{}, 0)), "a Ready message has the number 0, after 0");
}

TEST_F(BrokenPeerTest, ARepeatedSequenceNumberIsRefused) {
  SendRaw(peer.get(), ipc::EncodeFrame(ipc::Ready{}, 5));
  SendRaw(peer.get(), ipc::EncodeFrame(ipc::Draining{}, 5));

  ASSERT_TRUE(RunUntil([this] { return master.closings > 0; }));

  EXPECT_EQ(master.messages.size(), 1u);
  EXPECT_EQ(master.closed, "a Draining message has the number 5, after 5");
}

TEST_F(BrokenPeerTest, ABrokenPeerSeesTheChannelEnd) {
  Break("nonsense");

  char byte = 0;
  EXPECT_EQ(recv(peer.get(), &byte, 1, 0), 0);
}

}  // namespace
}  // namespace colmeia::channel
