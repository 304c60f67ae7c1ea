#include "worker/room.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manual_clock.h"

namespace colmeia::worker {
namespace {

using session::Standing;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;  // NOLINT: for tests

class RoomTest : public testing::Test {
 protected:
  // A connection as Room sees it.
  struct Guest final : session::Session {
    Guest(RoomTest& the_test, std::string the_name, util::Milliseconds the_patience)
        : test(the_test), name(std::move(the_name)), patience_(the_patience), opened_(the_test.clock.Now()) {}
    void Drain() override {}
    void Evict() override { test.Gone(*this); }
    void Abort() override {}
    [[nodiscard]] util::TimePoint opened() const override { return opened_; }
    [[nodiscard]] util::Milliseconds patience() const override { return patience_; }
    void Become(Standing standing) {
      const Standing before = std::exchange(standing_, standing);
      test.room->Moved(*this, before);
    }

    RoomTest& test;
    std::string name;
    bool stays = false;  // a request had just arrived: it is answered, and in the way for a while yet

   private:
    util::Milliseconds patience_;
    util::TimePoint opened_;
  };

  Room& Make(std::size_t limit) {
    room = std::make_unique<Room>(limit);
    room->on_room = [this] { ++told; };
    room->on_short = [this](Shortage what, bool made) { shortages.emplace_back(what, made); };
    room->is_scarce = [this] { return free_descriptors <= 0; };
    return *room;
  }
  Guest& Enter(std::string name, Standing standing = Standing::kSilent, util::Milliseconds patience = 1s) {
    guests.push_back(std::make_unique<Guest>(*this, std::move(name), patience));
    Guest& guest = *guests.back();
    room->Add(guest);
    if (standing != Standing::kSilent) guest.Become(standing);
    return guest;
  }
  void Gone(Guest& guest) {
    gone.push_back(guest.name);
    ++free_descriptors;
    if (guest.stays) return guest.Become(Standing::kBusy);
    Leave(guest);
  }
  void Leave(Guest& guest) {
    room->Remove(guest);
    std::erase_if(guests, [&](const auto& one) { return one.get() == &guest; });
  }
  bool MakeRoom() { return room->Make(clock.Now()); }

  util::ManualClock clock;
  std::unique_ptr<Room> room;
  std::vector<std::unique_ptr<Guest>> guests;
  std::vector<std::string> gone;
  std::vector<std::pair<Shortage, bool>> shortages;
  int told = 0;
  int free_descriptors = 100;
};

TEST_F(RoomTest, NobodyGoesWhileThereIsRoom) {
  Make(2);
  Enter("silent");
  clock.Advance(1h);

  EXPECT_TRUE(MakeRoom());

  EXPECT_THAT(gone, IsEmpty());
  EXPECT_THAT(shortages, IsEmpty());
}

TEST_F(RoomTest, SilentOnesGoFirstThenIdleOnesThenUnwantedOnes) {
  Make(7);
  Enter("unwanted 1", Standing::kUnwanted);
  Enter("idle 1", Standing::kIdle);
  Enter("silent 1");
  clock.Advance(1ms);
  Enter("busy", Standing::kBusy);
  Enter("silent 2");
  Enter("idle 2", Standing::kIdle);
  Enter("unwanted 2", Standing::kUnwanted);
  clock.Advance(1s);

  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(MakeRoom());
    Enter("newcomer", Standing::kBusy);
  }
  EXPECT_FALSE(MakeRoom());

  EXPECT_THAT(gone, ElementsAre("silent 1", "silent 2", "idle 1", "idle 2", "unwanted 1", "unwanted 2"));
}

TEST_F(RoomTest, ASilentOneHasASecond) {
  Make(1);
  Enter("silent");
  clock.Advance(999ms);
  EXPECT_FALSE(MakeRoom());
  EXPECT_EQ(room->NextChance(), clock.Now() + 1ms);

  clock.Advance(1ms);
  room->Chance();
  EXPECT_EQ(told, 1);

  EXPECT_TRUE(MakeRoom());
  EXPECT_THAT(gone, ElementsAre("silent"));
}

TEST_F(RoomTest, ListenersMayGiveLessTimeToTheirSilentOnes) {
  Make(3);
  Enter("patient", Standing::kSilent, 1000ms);
  clock.Advance(100ms);
  Enter("hasty", Standing::kSilent, 200ms);
  Enter("busy", Standing::kBusy);
  EXPECT_FALSE(MakeRoom());
  EXPECT_EQ(room->NextChance(), clock.Now() + 200ms);

  clock.Advance(200ms);

  EXPECT_TRUE(MakeRoom());
  EXPECT_THAT(gone, ElementsAre("hasty"));
}

TEST_F(RoomTest, AnEmptyLineMakesNobodyYounger) {
  Make(2);
  Guest& first = Enter("first");
  clock.Advance(1ms);
  Enter("second");
  first.Become(Standing::kBusy);
  first.Become(Standing::kSilent);
  clock.Advance(1s);

  EXPECT_TRUE(MakeRoom());

  EXPECT_THAT(gone, ElementsAre("first"));
}

TEST_F(RoomTest, WhoBecomesIdleOrUnwantedWhileClientWaitsIsTold) {
  for (const Standing standing : {Standing::kIdle, Standing::kUnwanted}) {
    Make(1);
    Guest& guest = Enter("busy", Standing::kBusy);
    EXPECT_FALSE(MakeRoom());
    EXPECT_TRUE(room->wanted());

    guest.Become(standing);

    EXPECT_EQ(std::exchange(told, 0), 1);
    EXPECT_FALSE(room->wanted());
    EXPECT_TRUE(MakeRoom());
  }
}

TEST_F(RoomTest, SoIsWhoGoesAndEachWaitIsToldOnce) {
  Make(2);
  Guest& first = Enter("first", Standing::kBusy);
  Guest& second = Enter("second", Standing::kBusy);
  EXPECT_FALSE(MakeRoom());
  EXPECT_FALSE(MakeRoom());

  Leave(first);
  Leave(second);

  EXPECT_EQ(told, 1);
}

TEST_F(RoomTest, NobodyIsToldWhileNobodyWaits) {
  Make(2);
  Guest& guest = Enter("guest", Standing::kBusy);
  guest.Become(Standing::kIdle);
  room->Chance();
  Leave(guest);

  EXPECT_EQ(told, 0);
}

TEST_F(RoomTest, WhoHadARequestWaitingStaysAndTheNextOneGoes) {
  Make(2);
  Enter("first", Standing::kIdle).stays = true;
  Enter("second", Standing::kIdle);

  EXPECT_TRUE(MakeRoom());

  EXPECT_THAT(gone, ElementsAre("first", "second"));
  EXPECT_EQ(room->size(), 1u);
}

TEST_F(RoomTest, ScarceDescriptorsTakeOnesPlaceForEachNewcomer) {
  Make(100);
  for (int i = 0; i < 4; ++i) Enter("idle", Standing::kIdle);
  free_descriptors = 0;
  room->NoteScarce();

  EXPECT_TRUE(MakeRoom());
  EXPECT_EQ(gone.size(), 1u);
  EXPECT_TRUE(MakeRoom());  // the one that was freed is still there
  EXPECT_EQ(gone.size(), 1u);
  free_descriptors = 0;
  EXPECT_TRUE(MakeRoom());  // nobody asks any more
  EXPECT_EQ(gone.size(), 1u);
  EXPECT_THAT(shortages, ElementsAre(std::pair(Shortage::kDescriptors, true)));
}

TEST_F(RoomTest, ADescriptorThatWasWantedInVainTakesOne) {
  Make(100);
  Enter("busy", Standing::kBusy);
  Enter("idle", Standing::kIdle);
  free_descriptors = -5;

  EXPECT_TRUE(room->FreeDescriptor(clock.Now()));
  EXPECT_FALSE(room->FreeDescriptor(clock.Now()));
  EXPECT_TRUE(room->wanted());
  EXPECT_FALSE(MakeRoom());

  EXPECT_THAT(gone, ElementsAre("idle"));
}

TEST_F(RoomTest, AnEmptyWorkerTriesWhateverIsScarce) {
  Make(1);
  free_descriptors = -5;
  room->NoteScarce();

  EXPECT_TRUE(MakeRoom());
}

}  // namespace
}  // namespace colmeia::worker
