#include "trace/event.h"

#include <gmock/gmock.h>

namespace colmeia::trace {
namespace {

TEST(KindTest, EveryKindHasANameThatParsesBack) {
  for (std::uint16_t number = 1; number <= static_cast<std::uint16_t>(Kind::kRecycle); ++number) {
    const auto kind = static_cast<Kind>(number);
    EXPECT_NE(KindName(kind), "?") << number;
    EXPECT_EQ(ParseKind(KindName(kind)), kind);
  }
  EXPECT_EQ(KindName(static_cast<Kind>(999)), "?");
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
  EXPECT_EQ(MessageName({.kind = Kind::kSend, .text = "Drain deadline=0ms"}), "Drain");
  EXPECT_EQ(MessageName({.kind = Kind::kReceive, .text = "Ready"}), "Ready");
  EXPECT_EQ(MessageName({.kind = Kind::kState, .text = "ready"}), "");
}

TEST(EventTest, WhatTheMasterNotesHasNoDirection) {
  EXPECT_EQ(DirectionOf({.kind = Kind::kState, .peer = Peer::kWorker}), Direction::kNone);
  EXPECT_EQ(DirectionOf({.kind = Kind::kSend, .peer = Peer::kWorker}), Direction::kOut);
  EXPECT_EQ(DirectionOf({.kind = Kind::kReceive, .peer = Peer::kWorker}), Direction::kIn);
  EXPECT_EQ(DirectionOf({.kind = Kind::kReply, .peer = Peer::kNone}), Direction::kNone);
}

}  // namespace
}  // namespace colmeia::trace
