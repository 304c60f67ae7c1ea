#include "ipc/frame.h"

#include <gmock/gmock.h>

#include "ipc/codec.h"

namespace colmeia::ipc {
namespace {

using testing::HasSubstr;

std::string ErrorOf(std::string_view datagram) {
  const Result<Frame> frame = DecodeFrame(datagram);
  return frame ? "no error" : frame.error().message;
}

// A frame whose header says what the test wants.
std::string FrameWith(const FrameHeader& header, std::string_view payload) {
  return Encode(header) + std::string(payload);
}

TEST(FrameTest, AMessageComesBackWithItsNumbers) {
  const Message sent =
      Adopt{.generation = 3, .slot = 17, .seat = 1, .seats = 2, .listeners = 4, .logs = 5, .identity = "id"};

  const Result<Frame> frame = DecodeFrame(EncodeFrame(sent, 12, 7));

  ASSERT_TRUE(frame) << frame.error().message;
  EXPECT_EQ(frame->message, sent);
  EXPECT_EQ(frame->header.type, MessageType::kAdopt);
  EXPECT_EQ(frame->header.sequence, 12u);
  EXPECT_EQ(frame->header.in_reply_to, 7u);
}

TEST(FrameTest, EveryDeclaredMessageComesBack) {
  const Message messages[] = {Hello{.pid = 9},
                              Adopt{},
                              Lend{.kind = LentKind::kLog, .ordinal = 2, .name = "b"},
                              Go{},
                              Ready{},
                              Release{.ordinal = 3},
                              Drain{.deadline = util::Milliseconds(4)},
                              Stop{},
                              Draining{.connections = 5},
                              Done{},
                              Failed{.why = "c"},
                              Compile{.conf = "d"},
                              Compiled{.ok = true},
                              Client{.ordinal = 6, .peer = "e"},
                              Removed{.ordinal = 7},
                              Unusable{.ordinal = 3, .code = 22}};

  ASSERT_EQ(std::size(messages), Messages().size());
  for (const Message& message : messages) {
    const Result<Frame> frame = DecodeFrame(EncodeFrame(message, 1));
    ASSERT_TRUE(frame) << Describe(message) << ": " << frame.error().message;
    EXPECT_EQ(frame->message, message);
  }
}

TEST(FrameTest, EveryTruncationIsRefused) {
  const std::string frame = EncodeFrame(Lend{LentKind::kLog, 2, "/a.log"}, 1);

  for (std::size_t size = 0; size < frame.size(); ++size) EXPECT_NE(ErrorOf(frame.substr(0, size)), "no error") << size;
}

TEST(FrameTest, LengthIsTheDatagramsSize) {
  EXPECT_THAT(ErrorOf(EncodeFrame(Go{}, 1) + "x"), HasSubstr("says that it has 20 bytes and has 21"));
}

TEST(FrameTest, TrailingBytesOfAPayloadAreRefused) {
  FrameHeader header{.type = MessageType::kGo, .sequence = 1, .length = kFrameHeaderSize + 1};

  EXPECT_THAT(ErrorOf(FrameWith(header, "x")), HasSubstr("the 1 bytes of a Go message do not decode"));
}

TEST(FrameTest, AnUnknownTypeIsRefusedByNumber) {
  FrameHeader header{.type = static_cast<MessageType>(99), .sequence = 1, .length = kFrameHeaderSize};

  EXPECT_THAT(ErrorOf(FrameWith(header, "")), HasSubstr("unknown type 99"));
}

TEST(FrameTest, AnotherMagicIsRefused) {
  EXPECT_THAT(ErrorOf("HTTP/1.1 200 OK\r\nServer: x"), HasSubstr("not with \"colm\""));
}

TEST(FrameTest, TheLongestFrameIsTaken) {
  const std::string longest = EncodeFrame(Failed{.why = std::string(kMaxFrameSize - kFrameHeaderSize - 4, 'w')}, 1);

  ASSERT_EQ(longest.size(), kMaxFrameSize);
  EXPECT_EQ(ErrorOf(longest), "no error");
  EXPECT_THAT(ErrorOf(longest + "x"), HasSubstr("longer than the allowed"));
}

TEST(FrameTest, AnAdoptWithAThousandGroupsFits) {
  const Adopt adopt{.identity = std::string(4 * 1000 + 1000, '\0')};

  EXPECT_LE(EncodeFrame(adopt, 1).size(), kMaxFrameSize);
}

TEST(FrameTest, AnotherVersionIsNamed) {
  FrameHeader header{.version = 2, .type = MessageType::kReady, .sequence = 1, .length = kFrameHeaderSize};

  EXPECT_EQ(ErrorOf(FrameWith(header, "")),
            "the peer speaks version 2 of the channel protocol, this process version 1");
}

TEST(FrameTest, AHelloOfAnotherVersionTellsItsPidWhateverFollows) {
  const std::string payload = Encode(Hello{.version = 2, .pid = 4711}) + "new fields";
  FrameHeader header{.version = 2, .type = MessageType::kHello, .sequence = 1, .length = 0};

  EXPECT_EQ(ErrorOf(FrameWith(header, payload)),
            "the peer, pid 4711, speaks version 2 of the channel protocol, this process version 1");
}

TEST(FrameTest, MessagesAreListedByTypeWithoutGaps) {
  unsigned expected = 1;
  for (const MessageInfo& info : Messages()) EXPECT_EQ(static_cast<unsigned>(info.type), expected++);
}

TEST(FrameTest, TypesHaveNames) {
  EXPECT_EQ(NameOf(MessageType::kDrain), "Drain");
  EXPECT_EQ(NameOf(static_cast<MessageType>(0)), "?");
  EXPECT_EQ(FdsOf(Adopt{}), 3);
  EXPECT_EQ(TypeOf(Compiled{}), MessageType::kCompiled);
}

TEST(DescribeTest, NamesEveryField) {
  EXPECT_EQ(Describe(Drain{.deadline = util::Milliseconds(5000)}), "Drain deadline=5000ms");
  EXPECT_EQ(Describe(Go{}), "Go");
  EXPECT_EQ(Describe(Compiled{.ok = true}), "Compiled ok=yes");
  EXPECT_EQ(Describe(Lend{LentKind::kLog, 2, "/var/log/a.log"}), "Lend kind=log ordinal=2 name=\"/var/log/a.log\"");
}

TEST(DescribeTest, TextIsEscapedAndCut) {
  EXPECT_EQ(Describe(Failed{.why = "no \"user\"\nat all"}), "Failed why=\"no \\\"user\\\"\\nat all\"");
  EXPECT_THAT(Describe(Failed{.why = std::string(1000, 'x')}), testing::EndsWith("xxx...\""));
}

TEST(DescribeTest, DescriptorsHaveTheNamesThatTheirMessageDeclares) {
  const auto fds = [](const Message& message) { return DescribeFds(Describe(message)); };
  EXPECT_THAT(fds(Adopt{}), testing::ElementsAre("configuration", "scoreboard", "trace"));
  EXPECT_THAT(fds(Lend{LentKind::kListener, 0, "127.0.0.1:80"}), testing::ElementsAre("listener 127.0.0.1:80"));
  EXPECT_THAT(fds(Lend{LentKind::kLog, 0, "/a \"b\\.log"}), testing::ElementsAre("log /a \\\"b\\\\.log"));
  EXPECT_THAT(fds(Lend{LentKind::kZone, 0, "one"}), testing::ElementsAre("zone one"));
  EXPECT_THAT(fds(Client{.peer = std::string(16, '\0')}), testing::ElementsAre("client"));
  EXPECT_THAT(fds(Compiled{.ok = true}), testing::ElementsAre("text", "plan"));
  EXPECT_THAT(fds(Go{}), testing::IsEmpty());
}

TEST(DescribeTest, DescriptorsOfACutTextAreStillNamed) {
  EXPECT_THAT(DescribeFds("Lend kind=log ordinal=0 name=\"/var/lo"), testing::ElementsAre("log /var/lo"));
  EXPECT_THAT(DescribeFds("Lend kind=log ordi"), testing::ElementsAre("log"));
  EXPECT_THAT(DescribeFds("Lend ki"), testing::ElementsAre("lent"));
  EXPECT_THAT(DescribeFds("Surprise"), testing::IsEmpty());
}

TEST(DescribeTest, BinaryIsShownByItsSize) {
  EXPECT_THAT(Describe(Adopt{.identity = std::string(40, '\0')}), HasSubstr("identity=<40 bytes>"));
}

}  // namespace
}  // namespace colmeia::ipc
