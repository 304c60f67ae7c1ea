#include "trace/event.h"

#include <gmock/gmock.h>

namespace colmeia::trace {
namespace {

TEST(KindTest, EveryKindHasANameThatParsesBack) {
  for (std::uint16_t number = 1; number <= static_cast<std::uint16_t>(EventKind::kRecycle); ++number) {
    const auto kind = static_cast<EventKind>(number);
    EXPECT_NE(KindName(kind), "?") << number;
    EXPECT_EQ(ParseKind(KindName(kind)), kind);
  }
  EXPECT_EQ(KindName(static_cast<EventKind>(999)), "?");
  EXPECT_EQ(ParseKind("nonsense"), std::nullopt);
}

TEST(PeerTest, EveryPeerHasANameThatParsesBack) {
  for (std::uint8_t number = 0; number <= static_cast<std::uint8_t>(Peer::kSuccessor); ++number) {
    const auto peer = static_cast<Peer>(number);
    EXPECT_NE(PeerName(peer), "?") << number;
    EXPECT_EQ(ParsePeer(PeerName(peer)), peer);
  }
  EXPECT_EQ(PeerName(static_cast<Peer>(99)), "?");
  EXPECT_EQ(ParsePeer("nonsense"), std::nullopt);
}

TEST(EventTest, OnlyMessagesHaveAMessageName) {
  EXPECT_EQ(MessageName({.kind = EventKind::kSend, .text = "Drain deadline=0ms"}), "Drain");
  EXPECT_EQ(MessageName({.kind = EventKind::kReceive, .text = "Ready"}), "Ready");
  EXPECT_EQ(MessageName({.kind = EventKind::kState, .text = "ready"}), "");
}

TEST(EventTest, WhatTheMasterNotesHasNoDirection) {
  EXPECT_EQ(DirectionOf({.kind = EventKind::kState, .peer = Peer::kWorker}), Direction::kNone);
  EXPECT_EQ(DirectionOf({.kind = EventKind::kSend, .peer = Peer::kWorker}), Direction::kOut);
  EXPECT_EQ(DirectionOf({.kind = EventKind::kReceive, .peer = Peer::kWorker}), Direction::kIn);
  EXPECT_EQ(DirectionOf({.kind = EventKind::kReply, .peer = Peer::kNone}), Direction::kNone);
}

}  // namespace
}  // namespace colmeia::trace
