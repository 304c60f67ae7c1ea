#include "transport/transport.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loop/loop.h"
#include "support/cutting_layer.h"
#include "support/sealing_layer.h"
#include "sys/sockets.h"

namespace colmeia::transport {
namespace {

using sys::IoStatus;
using testing::ElementsAre;

iovec Part(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

// Notes what a transport asks of it.
class NotingLayer final : public Layer {
 public:
  explicit NotingLayer(std::vector<std::string>& notes) : notes_(notes) {}
  // The descriptor that is open still can be asked for its flags.
  ~NotingLayer() override { notes_.push_back(::fcntl(fd_, F_GETFD) >= 0 ? "gone, open" : "gone, closed"); }

  sys::IoResult Read(int fd, char* /*out*/, std::size_t /*size*/) override {
    fd_ = fd;
    notes_.emplace_back("read");
    return {};
  }
  sys::IoResult Write(int fd, std::span<const iovec> /*parts*/, const sys::FileRange& /*file*/, bool more) override {
    fd_ = fd;
    notes_.emplace_back(more ? "write, more" : "write");
    return {};
  }
  void End(int fd) override {
    fd_ = fd;
    notes_.emplace_back("end");
  }
  [[nodiscard]] int Interest(int events) const override { return events | loop::kWritable; }
  [[nodiscard]] bool pending() const override { return true; }
  [[nodiscard]] bool can_send_file() const override { return false; }
  [[nodiscard]] std::string_view alpn() const override { return "h2"; }
  [[nodiscard]] std::string_view scheme() const override { return "https"; }

 private:
  std::vector<std::string>& notes_;
  int fd_ = -1;
};

class TransportTest : public testing::Test, public loop::PollListener {
 protected:
  Transport Make(std::unique_ptr<Layer> layer = nullptr) {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    client = sys::UniqueFd(fds[1]);
    number = fds[0];
    return {sys::UniqueFd{fds[0]}, sys::Address::FromIp("2001:db8::7", 4711).value(), std::move(layer)};
  }

  // What the client has got; "<end>" and "<reset>" when that came, too.
  std::string Heard() {
    std::string heard;
    char bytes[4096];
    for (;;) {
      const ssize_t got = ::recv(client.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
      if (got == 0) return heard + "<end>";
      if (got < 0) return heard + (errno == EAGAIN ? "" : "<reset>");
      heard.append(bytes, static_cast<std::size_t>(got));
    }
  }
  void Say(std::string_view bytes) const {
    ASSERT_EQ(::send(client.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  [[nodiscard]] bool IsOpen() const { return ::fcntl(number, F_GETFD) >= 0; }

  void OnPoll(int events) override { woken.push_back(events); }

  loop::Loop loop;
  loop::PollPool polls{loop};
  sys::UniqueFd client;
  int number = -1;  // of the descriptor that the transport owns
  std::vector<int> woken;
};

TEST_F(TransportTest, APlainOneIsSmall) { EXPECT_LE(sizeof(Transport), sizeof(void*) + sizeof(int) + 36); }

TEST_F(TransportTest, APlainOneReadsWhatCame) {
  Transport plain = Make();
  char bytes[16];

  EXPECT_EQ(plain.Read(bytes, sizeof(bytes)).status, IoStatus::kAgain);
  Say("hello");
  const sys::IoResult some = plain.Read(bytes, 4);
  EXPECT_EQ(some.status, IoStatus::kDone);
  EXPECT_EQ(std::string_view(bytes, some.bytes), "hell");
  EXPECT_FALSE(plain.pending());  // the poll knows of the rest
  EXPECT_EQ(plain.Read(bytes, 4).bytes, 1u);

  client.reset();
  EXPECT_EQ(plain.Read(bytes, 4).status, IoStatus::kEnd);
}

TEST_F(TransportTest, APlainOneWritesPartsAndThenAFile) {
  Transport plain = Make();
  const sys::UniqueFd file(::memfd_create("file", MFD_CLOEXEC));
  ASSERT_EQ(::pwrite(file.get(), "0123456789", 10, 0), 10);
  const iovec parts[] = {Part("head "), Part("and ")};

  const sys::IoResult result = plain.Write(parts, {file.get(), 3, 4}, true);

  EXPECT_EQ(result.status, IoStatus::kDone);
  EXPECT_EQ(result.bytes, 13u);
  EXPECT_EQ(Heard(), "head and 3456");
}

TEST_F(TransportTest, CountsWhatWentWhenTheFileIsShorter) {
  Transport plain = Make();
  const sys::UniqueFd file(::memfd_create("file", MFD_CLOEXEC));
  const iovec head = Part("head");

  const sys::IoResult result = plain.Write({&head, 1}, {file.get(), 0, 4}, false);

  EXPECT_EQ(result.status, IoStatus::kEnd);
  EXPECT_EQ(result.bytes, 4u);
  EXPECT_EQ(Heard(), "head");
}

TEST_F(TransportTest, CountsWhatWentWhenTheSocketIsFull) {
  Transport plain = Make();
  const std::string much(4 << 20, 'x');
  const iovec part = Part(much);
  const sys::UniqueFd file(::memfd_create("file", MFD_CLOEXEC));
  ASSERT_EQ(::pwrite(file.get(), "0123456789", 10, 0), 10);

  const sys::IoResult result = plain.Write({&part, 1}, {file.get(), 0, 10}, false);

  EXPECT_EQ(result.status, IoStatus::kDone);
  EXPECT_LT(result.bytes, much.size());  // and nothing of the file, whose turn has not come
  EXPECT_EQ(plain.Write({}, {file.get(), 0, 10}, false).status, IoStatus::kAgain);
  EXPECT_EQ(Heard().size(), result.bytes);
}

TEST_F(TransportTest, SaysThatTheClientIsGone) {
  Transport plain = Make();
  client.reset();
  const iovec part = Part("x");

  const sys::IoResult result = plain.Write({&part, 1}, {}, false);

  EXPECT_EQ(result.status, IoStatus::kError);
  EXPECT_EQ(result.code, EPIPE);
}

TEST_F(TransportTest, ShutdownLeavesTheOtherDirectionOpen) {
  Transport plain = Make();
  plain.Shutdown();
  EXPECT_EQ(Heard(), "<end>");

  Say("still here");

  char bytes[16];
  EXPECT_EQ(plain.Read(bytes, sizeof(bytes)).bytes, 10u);
}

TEST_F(TransportTest, WaitsUntilItIsClosed) {
  Transport plain = Make();
  ASSERT_TRUE(plain.Wait(polls, loop::kReadable, this));
  loop.Turn();
  EXPECT_THAT(woken, ElementsAre());

  Say("x");
  loop.Turn();
  EXPECT_THAT(woken, ElementsAre(loop::kReadable));

  plain.Close(polls, Ending::kOrderly);
  EXPECT_FALSE(IsOpen());
  EXPECT_EQ(polls.active(), 0u);
  loop.Turn();
  EXPECT_EQ(woken.size(), 1u);
}

TEST_F(TransportTest, MovesWithItsSocket) {
  Transport first = Make();
  Transport second = std::move(first);
  Say("x");

  char byte;
  EXPECT_EQ(second.Read(&byte, 1).status, IoStatus::kDone);
  EXPECT_EQ(second.peer(), sys::Address::FromIp("2001:db8::7", 4711).value());
}

TEST_F(TransportTest, KnowsBothAddresses) {
  const sys::UniqueFd listening = sys::Listen(sys::Address::FromIp("127.0.0.1", 0).value()).value();
  const sys::Address address = sys::Address::LocalOf(listening.get()).value();
  const sys::UniqueFd other = sys::Connect(address).value();
  sys::Accepted accepted;
  while (accepted.status != sys::AcceptStatus::kAccepted) accepted = sys::Accept(listening.get());

  const Transport plain(std::move(accepted.fd), accepted.peer);

  EXPECT_EQ(plain.local(), address);
  EXPECT_EQ(plain.peer(), sys::Address::LocalOf(other.get()).value());
  EXPECT_EQ(plain.scheme(), "http");
  EXPECT_EQ(plain.alpn(), "");
  EXPECT_TRUE(plain.can_send_file());
}

TEST_F(TransportTest, AResetIsAReset) {
  const sys::UniqueFd listening = sys::Listen(sys::Address::FromIp("127.0.0.1", 0).value()).value();
  for (const auto& [ending, heard] : {std::pair(Ending::kOrderly, "<end>"), std::pair(Ending::kAbrupt, "<end>"),
                                      std::pair(Ending::kReset, "<reset>")}) {
    client = sys::Connect(sys::Address::LocalOf(listening.get()).value()).value();
    sys::Accepted accepted;
    while (accepted.status != sys::AcceptStatus::kAccepted) accepted = sys::Accept(listening.get());
    Transport plain(std::move(accepted.fd), accepted.peer);

    plain.Close(polls, ending);

    std::string said;
    while (said.empty()) said = Heard();
    EXPECT_EQ(said, heard);
  }
}

TEST_F(TransportTest, OfAUnixClientNothingIsKept) {
  const PackedAddress packed(sys::Address::FromUnixPath("/run/some/where").value());
  EXPECT_EQ(packed.Expand().ToString(), "unix:");
}

TEST_F(TransportTest, ALayerIsAskedForEverything) {
  std::vector<std::string> notes;
  Transport layered = Make(std::make_unique<NotingLayer>(notes));
  char byte;
  const iovec part = Part("x");

  static_cast<void>(layered.Read(&byte, 1));
  static_cast<void>(layered.Write({&part, 1}, {}, true));

  EXPECT_THAT(notes, ElementsAre("read", "write, more"));
  EXPECT_TRUE(layered.pending());
  EXPECT_FALSE(layered.can_send_file());
  EXPECT_EQ(layered.alpn(), "h2");
  EXPECT_EQ(layered.scheme(), "https");
  ASSERT_TRUE(layered.Wait(polls, loop::kReadable, this));
  loop.Turn();
  EXPECT_THAT(woken, ElementsAre(loop::kWritable));  // as the layer would have it
  layered.Close(polls, Ending::kAbrupt);
}

TEST_F(TransportTest, ALayerSaysTheEndOfWhatEndsInOrder) {
  const auto told = [this](auto act) {
    std::vector<std::string> notes;
    Transport layered = Make(std::make_unique<NotingLayer>(notes));
    char byte;
    static_cast<void>(layered.Read(&byte, 1));
    act(layered);
    return notes;
  };

  EXPECT_THAT(told([this](Transport& it) { it.Close(polls, Ending::kOrderly); }),
              ElementsAre("read", "end", "gone, open"));
  EXPECT_THAT(told([this](Transport& it) { it.Close(polls, Ending::kAbrupt); }), ElementsAre("read", "gone, open"));
  EXPECT_THAT(told([this](Transport& it) { it.Close(polls, Ending::kReset); }), ElementsAre("read", "gone, open"));
  EXPECT_THAT(told([this](Transport& it) {
                it.Shutdown();
                it.Close(polls, Ending::kAbrupt);
              }),
              ElementsAre("read", "end", "gone, open"));
}

TEST_F(TransportTest, TheEndIsSaidOnTheWireBeforeTheKernelSaysIt) {
  Transport layered = Make(std::make_unique<SealingLayer>(Sealing{}));
  layered.Shutdown();
  EXPECT_EQ(Heard(), Seal(Record::kEnd, "") + "<end>");
}

// The layers of the tests keep what transport/layer.h promises; a session is tested above them in tests/unit/http1.
TEST_F(TransportTest, AReadOfASealedConnectionBeginsWithTheHandshake) {
  Transport layered = Make(std::make_unique<SealingLayer>(Sealing{.socket_takes = 1}));
  char bytes[16];
  EXPECT_EQ(layered.Read(bytes, sizeof(bytes)).status, IoStatus::kAgain);
  EXPECT_EQ(layered.alpn(), "");
  Say(SealingPeer::Seal("hello", 5, false));

  // It has to write before it reads, and says so to the poll.
  EXPECT_EQ(layered.Read(bytes, 2).status, IoStatus::kAgain);
  ASSERT_TRUE(layered.Wait(polls, loop::kReadable, this));
  loop.Turn();
  EXPECT_THAT(woken, ElementsAre(loop::kWritable));
  sys::IoResult result;
  for (int i = 0; i < 100 && result.status != IoStatus::kDone; ++i) result = layered.Read(bytes, 2);

  EXPECT_EQ(result.bytes, 2u);
  EXPECT_EQ(layered.alpn(), "test/1");
  EXPECT_TRUE(layered.pending());
  EXPECT_EQ(Heard(), Seal(Record::kHello, "test/1"));
  layered.Close(polls, Ending::kAbrupt);
}

TEST_F(TransportTest, ASealedByteCountsAsTakenWhenTheKernelHasIt) {
  Transport layered = Make(std::make_unique<SealingLayer>(Sealing{.record = 4, .records = 2, .socket_takes = 3}));
  const std::string all = "0123456789abcdef";
  std::string_view left = all;
  std::string wire;

  for (int i = 0; i < 100 && !left.empty(); ++i) {
    const iovec part = Part(left);
    const sys::IoResult result = layered.Write({&part, 1}, {}, false);
    wire += Heard();
    SealingPeer peer;
    static_cast<void>(peer.Take(wire));
    left.remove_prefix(result.bytes);
    // All that counts has left, or the last byte of what was sealed is held back for it.
    EXPECT_LE(all.size() - left.size(), peer.data.size() + 7);
    EXPECT_EQ(left.empty(), peer.data.size() == all.size());
  }

  SealingPeer peer;
  static_cast<void>(peer.Take(wire));
  EXPECT_EQ(peer.data, all);
}

TEST_F(TransportTest, AWriteMayWaitForARead) {
  Transport layered = Make(std::make_unique<SealingLayer>(Sealing{.record = 4, .records = 1, .asks_after = 3}));
  const iovec part = Part("01234567");
  const sys::IoResult first = layered.Write({&part, 1}, {}, false);
  EXPECT_EQ(first.bytes, 4u);
  EXPECT_EQ(Heard(), Seal(Record::kData, "0123") + Seal(Record::kAsk, ""));
  ASSERT_TRUE(layered.Wait(polls, loop::kWritable, this));
  loop.Turn();
  EXPECT_THAT(woken, ElementsAre());  // the socket is writable, and it is of no use

  Say(Seal(Record::kAnswer, ""));
  loop.Turn();

  EXPECT_THAT(woken, ElementsAre(loop::kReadable));
  const iovec rest = Part("4567");
  EXPECT_EQ(layered.Write({&rest, 1}, {}, false).bytes, 4u);
  layered.Close(polls, Ending::kAbrupt);
}

TEST_F(TransportTest, ACutConnectionHasTheSameBytes) {
  Transport layered =
      Make(std::make_unique<CuttingLayer>(Cuts{.read_split = 3, .again_between = true, .hoards = true}));
  Say("hello");
  std::string read;
  std::vector<std::size_t> sizes;
  char bytes[16];
  for (int i = 0; i < 8; ++i) {
    const sys::IoResult result = layered.Read(bytes, sizeof(bytes));
    if (result.status != IoStatus::kDone) continue;
    read.append(bytes, result.bytes);
    sizes.push_back(result.bytes);
  }
  EXPECT_EQ(read, "hello");
  EXPECT_THAT(sizes, ElementsAre(3u, 2u));
}

}  // namespace
}  // namespace colmeia::transport
