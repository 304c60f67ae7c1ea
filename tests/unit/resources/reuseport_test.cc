#include "resources/reuseport.h"

#include "resources/listening_fixture.h"
#include "supervisor/events_of.h"

namespace colmeia::resources {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

const util::TimePoint kBegin = util::TimePoint{} + std::chrono::hours(1);

TEST(ReuseportSocketsTest, AreSilentSomeTimeAfterTheLastConnection) {
  ReuseportSockets clones;
  EXPECT_EQ(clones.SilentAt(), std::nullopt);
  clones.Settle(4, 4, kBegin);
  EXPECT_EQ(clones.SilentAt(), std::nullopt);

  clones.Settle(2, 4, kBegin);
  EXPECT_EQ(clones.count(), 2u);
  EXPECT_THAT(clones.SilentAt(), Optional(kBegin + ReuseportSockets::kSilence));
  clones.Heard(kBegin + std::chrono::seconds(3));
  clones.Settle(3, 4, kBegin + std::chrono::seconds(4));

  EXPECT_THAT(clones.SilentAt(), Optional(kBegin + std::chrono::seconds(3) + ReuseportSockets::kSilence));
}

TEST(ReuseportSocketsTest, SilenceBeginsAnewWithMoreOfThem) {
  ReuseportSockets clones;
  clones.Settle(3, 4, kBegin);
  clones.Settle(2, 4, kBegin + std::chrono::seconds(4));

  EXPECT_THAT(clones.SilentAt(), Optional(kBegin + std::chrono::seconds(4) + ReuseportSockets::kSilence));
}

TEST(ReuseportSocketsTest, LoansEndWithTheBorrowerOrAllAtOnce) {
  ReuseportSockets clones;
  clones.Settle(1, 3, kBegin);
  clones.Lend(1, 7, 0);
  clones.Lend(2, 8, 0);
  clones.Gone(7);
  EXPECT_FALSE(clones.IsLent(1));
  EXPECT_TRUE(clones.IsLent(2));

  EXPECT_THAT(clones.TakeLoans(), ElementsAre(ReuseportSockets::Loan{2, 8, 0}));
  EXPECT_THAT(clones.TakeLoans(), IsEmpty());
}

class ReuseportKeeperTest : public ListeningTest {
 protected:
  struct Sent {
    std::uint32_t slot;
    std::string message;
    bool operator==(const Sent&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Sent& sent) { return out << sent.slot << sent.message; }
  };
  bool Send(std::uint32_t slot, const ipc::Message& message, const std::vector<int>& fds) {
    sent_.push_back({slot, std::holds_alternative<ipc::Release>(message) ? "Release" : "Lend"});
    EXPECT_EQ(fds.size(), std::holds_alternative<ipc::Release>(message) ? 0u : 1u);
    return true;
  }
  // As after a reload from four seats to two, whose workers stand in slots 4 and 5.
  void FromFourSeatsToTwo() {
    Serve(resources_, 1, PlanOf(4, {address_}, true));
    ASSERT_TRUE(resources_.Open(2, PlanOf(2, {address_}, true)));
    keeper_.Adopted(4, 2, 0, 2);
    keeper_.Adopted(5, 2, 1, 2);
    resources_.Promote(2);
    loop_.UpdateTime();
    keeper_.SeatsChanged(2, 2, 2, {{4, 0}, {5, 1}});
  }
  // As if that much time had passed without a connection.
  void Age() {
    for (OpenListener* const listener : resources_.Listeners()) {
      listener->Heard(loop_.Now() - ReuseportSockets::kSilence);
    }
  }

  Resources resources_;
  loop::Loop loop_;
  std::vector<Sent> sent_;
  ReuseportKeeper keeper_{loop_, resources_,
                          [this](std::uint32_t slot, const ipc::Message& message, const std::vector<int>& fds) {
                            return Send(slot, message, fds);
                          }};
};

TEST_F(ReuseportKeeperTest, ClosesThemAfterASilenceAndHasThemReleasedBefore) {
  FromFourSeatsToTwo();
  EXPECT_THAT(sent_, IsEmpty()) << "they came with the adoption";
  Age();

  supervisor::TurnUntil(loop_, [&] { return First(resources_, 2).sockets().size() == 2; });

  EXPECT_THAT(sent_, ElementsAre(Sent{4, "Release"}, Sent{5, "Release"}));
  EXPECT_FALSE(loop_.Turn()) << "nothing is left to look at";
  EXPECT_THAT(Spread(First(resources_, 2), 40), testing::Each(testing::Gt(3)));
}

// It closes them when it has read that, and would reset whoever came in between.
TEST_F(ReuseportKeeperTest, NobodyComesToAClosedSocketThatItsBorrowerStillHas) {
  FromFourSeatsToTwo();
  std::vector<sys::UniqueFd> borrowed;
  for (const std::size_t i : {2u, 3u}) borrowed.emplace_back(dup(First(resources_, 2).sockets()[i].get()));
  Age();
  supervisor::TurnUntil(loop_, [&] { return First(resources_, 2).sockets().size() == 2; });

  for (int i = 0; i < 40; ++i) EXPECT_TRUE(sys::Connect(address_));

  for (const sys::UniqueFd& socket : borrowed) EXPECT_EQ(sys::Accept(socket.get()).status, sys::AcceptStatus::kEmpty);
}

TEST_F(ReuseportKeeperTest, AConnectionBreaksTheSilence) {
  FromFourSeatsToTwo();
  OpenListener& listener = *resources_.Listeners().front();
  // The way into a queue whose steering is gone, as for one whose handshake began before.
  ASSERT_TRUE(sys::SteerToFirst(listener.sockets()[0].get(), 0));
  std::vector<sys::UniqueFd> clients;
  Age();
  while (*listener.clones().SilentAt() <= loop_.Now()) {
    clients.push_back(*sys::Connect(address_));
    loop_.Turn();
    ASSERT_LT(clients.size(), 200u);
  }

  EXPECT_EQ(listener.sockets().size(), 4u);
}

TEST_F(ReuseportKeeperTest, AnotherWorkerBorrowsWhatALeavingOneHad) {
  FromFourSeatsToTwo();

  keeper_.Gone(4);

  EXPECT_THAT(sent_, ElementsAre(Sent{5, "Lend"}));
}

TEST_F(ReuseportKeeperTest, FewerWorkersBorrowTheSocketsOfThoseThatLeave) {
  Serve(resources_, 1, PlanOf(3, {address_}, true));

  keeper_.SeatsChanged(1, 1, 1, {{0, 0}, {1, 1}, {2, 2}});

  EXPECT_THAT(sent_, ElementsAre(Sent{0, "Lend"}, Sent{0, "Lend"}));
  keeper_.SeatsChanged(1, 3, 3, {{0, 0}, {3, 1}, {4, 2}});
  Age();
  loop_.RunOnce();
  EXPECT_EQ(First(resources_, 1).sockets().size(), 3u) << "they have seats again";
}

TEST_F(ReuseportKeeperTest, SocketsOfSeatsThatDoNotServeYetAreTheirWorkers) {
  Serve(resources_, 1, PlanOf(1, {address_}, true));
  ASSERT_TRUE(resources_.GrowClones(1, 4));

  keeper_.SeatsChanged(1, 2, 4, {{0, 0}, {1, 1}});

  EXPECT_EQ(First(resources_, 1).sockets().size(), 4u) << "two workers were sent theirs and are on their way";
  EXPECT_THAT(sent_, IsEmpty());
  keeper_.SeatsChanged(1, 2, 2, {{0, 0}, {1, 1}});
  EXPECT_EQ(First(resources_, 1).sockets().size(), 2u) << "nobody has ever come to them";
}

TEST_F(ReuseportKeeperTest, NothingIsClosedWhileTwoMastersHoldTheSockets) {
  FromFourSeatsToTwo();
  keeper_.Hold(true);
  Age();
  loop_.RunOnce();
  EXPECT_EQ(First(resources_, 2).sockets().size(), 4u);

  keeper_.Hold(false);
  supervisor::TurnUntil(loop_, [&] { return First(resources_, 2).sockets().size() == 2; });
}

TEST_F(ReuseportKeeperTest, ClonesOfAComingGenerationAreLeftAloneUntilItFails) {
  Serve(resources_, 1, PlanOf(2, {address_}, true));
  keeper_.SeatsChanged(1, 2, 2, {{0, 0}, {1, 1}});
  ASSERT_TRUE(resources_.Open(2, PlanOf(4, {address_}, true)));
  keeper_.Look();
  Age();
  loop_.RunOnce();
  EXPECT_EQ(First(resources_, 1).sockets().size(), 4u);

  resources_.Close(2);
  Age();
  supervisor::TurnUntil(loop_, [&] { return First(resources_, 1).sockets().size() == 2; });

  EXPECT_THAT(sent_, IsEmpty());
}

}  // namespace
}  // namespace colmeia::resources
