#include "resources/handoff_queue.h"

#include <gmock/gmock.h>

namespace colmeia::resources {
namespace {

using testing::ElementsAre;

class HandoffQueueTest : public testing::Test {
 protected:
  // Sends so many clients to whose turn it is; the slots in order.
  std::vector<std::uint32_t> Send(int clients, std::uint32_t generation = 1) {
    std::vector<std::uint32_t> slots;
    for (int i = 0; i < clients; ++i) {
      const auto slot = turns_.Next(generation);
      if (!slot) break;
      turns_.Sent(*slot, ++sequence_, {});
      slots.push_back(*slot);
    }
    return slots;
  }

  HandoffQueue turns_;
  std::uint32_t sequence_ = 0;
};

TEST_F(HandoffQueueTest, EachWorkerOfTheGenerationGetsItsTurn) {
  for (const std::uint32_t slot : {3, 5, 9}) turns_.Join(slot, 1);
  turns_.Join(4, 2);

  EXPECT_THAT(Send(7), ElementsAre(3, 5, 9, 3, 5, 9, 3));
  EXPECT_THAT(Send(1, 2), ElementsAre(4));
}

TEST_F(HandoffQueueTest, NobodyIsThereWithoutWorkers) {
  EXPECT_EQ(turns_.Next(1), std::nullopt);
  turns_.Join(0, 1);
  turns_.Leave(0);
  EXPECT_EQ(turns_.Next(1), std::nullopt);
}

TEST_F(HandoffQueueTest, AWorkerThatTakesNothingHoldsUpSoManyClientsAndNoMore) {
  turns_.Join(0, 1);
  turns_.Join(1, 1);
  int for_hung = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint32_t slot = Send(1).front();
    if (slot == 0) {
      ++for_hung;
    } else {
      EXPECT_TRUE(turns_.Taken(1, sequence_));
    }
  }

  EXPECT_EQ(for_hung, static_cast<int>(HandoffQueue::kMostAhead));
  EXPECT_EQ(turns_.ahead(0), HandoffQueue::kMostAhead);
  EXPECT_EQ(turns_.ahead(1), 0u);
}

TEST_F(HandoffQueueTest, WhenAllAreFullNobodyHasATurnUntilOneIsTaken) {
  turns_.Join(0, 1);
  EXPECT_EQ(Send(100).size(), HandoffQueue::kMostAhead);
  EXPECT_EQ(turns_.Next(1), std::nullopt);

  EXPECT_TRUE(turns_.Awaits(0, 1));
  EXPECT_TRUE(turns_.Taken(0, 1));
  EXPECT_FALSE(turns_.Awaits(0, 1));

  EXPECT_EQ(turns_.Next(1), 0u);
}

TEST_F(HandoffQueueTest, AnAnswerToSomethingElseIsNoAnswerToAClient) {
  turns_.Join(0, 1);
  Send(1);

  EXPECT_FALSE(turns_.Taken(0, 17));
  EXPECT_FALSE(turns_.Taken(1, 1));
  EXPECT_EQ(turns_.ahead(0), 1u);
}

TEST_F(HandoffQueueTest, WhatWasNotTakenComesBackWithTheWorkersEnd) {
  turns_.Join(0, 1);
  for (std::uint16_t port = 1; port <= 3; ++port) {
    turns_.Sent(0, port, {{}, {}, *sys::Address::FromIp("127.0.0.1", port)});
  }
  turns_.Leave(0);
  EXPECT_TRUE(turns_.Taken(0, 2)) << "it may still take what is on its way";

  std::vector<std::uint16_t> ports;
  for (const QueuedClient& client : turns_.Gone(0)) ports.push_back(client.peer.port());

  EXPECT_THAT(ports, ElementsAre(1, 3));
  EXPECT_TRUE(turns_.Gone(0).empty());
}

}  // namespace
}  // namespace colmeia::resources
