#include <fcntl.h>

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resources/handed_zones.h"
#include "resources/resources.h"
#include "sys/memfd.h"
#include "zone/count_table.h"

namespace colmeia::resources {
namespace {

using testing::HasSubstr;

ipc::PlannedZone PlannedCounts(std::string where = "x.conf:1") {
  return {.name = "one", .kind = zone::ZoneKind::kCounts, .size = 65536, .key = "$uri", .where = std::move(where)};
}

// A worker's view of a zone of counts.
class CountingWorker {
 public:
  CountingWorker(const OpenZone& zone, std::uint32_t holder)
      : geometry_(GeometryOf(zone.planned.kind, zone.planned.size)),
        common_(*sys::Mapping::MapShared(zone.fd.get(), geometry_.common_size(), true)),
        share_(*sys::Mapping::MapPart(zone.fd.get(), geometry_.ShareAt(holder), geometry_.share_size(), true)),
        counts_(Table(), {static_cast<zone::ShareCell*>(share_.data()), geometry_.slots()}, holder) {}

  void Take(const std::string& key) { static_cast<void>(counts_.Take(Table().Hash(key), 100, 1)); }
  [[nodiscard]] std::uint64_t Of(const std::string& key) const { return counts_.Of(Table().Hash(key)); }

 private:
  [[nodiscard]] zone::Table Table() const {
    return zone::Table::Attach({static_cast<std::byte*>(common_.data()), common_.size()}, geometry_);
  }
  const zone::TableGeometry geometry_;
  sys::Mapping common_;
  sys::Mapping share_;
  const zone::CountTable counts_;
};

class ZonesTest : public testing::Test {
 protected:
  Result<> Open(std::uint32_t generation, const ipc::PlannedZone& zone) {
    auto plan = std::make_shared<ipc::Plan>();
    plan->zones = {zone};
    return resources_.Open(generation, plan);
  }
  [[nodiscard]] std::shared_ptr<OpenZone> In(std::uint32_t generation) {
    return resources_.Find(generation)->zones.at(0);
  }

  Resources resources_;
};

TEST_F(ZonesTest, ALaterGenerationHasTheSameZone) {
  ASSERT_TRUE(Open(1, PlannedCounts()));
  ASSERT_TRUE(Open(2, PlannedCounts("x.conf:9")));
  EXPECT_EQ(In(1), In(2));
  resources_.Close(1);
  ASSERT_TRUE(Open(3, PlannedCounts()));
  EXPECT_EQ(In(2), In(3));
}

TEST_F(ZonesTest, AnotherSizeIsAnotherZoneAndTheNewestOneCounts) {
  ASSERT_TRUE(Open(1, PlannedCounts()));
  ipc::PlannedZone larger = PlannedCounts();
  larger.size *= 2;
  ASSERT_TRUE(Open(2, larger));
  EXPECT_NE(In(1), In(2));
  ASSERT_TRUE(Open(3, PlannedCounts()));
  EXPECT_NE(In(1), In(3));
}

TEST_F(ZonesTest, AnotherKeyOrKindIsAnErrorThatTellsBothPlaces) {
  ASSERT_TRUE(Open(1, PlannedCounts("a.conf:3")));
  ipc::PlannedZone other = PlannedCounts("b.conf:4");
  other.key = "$host";
  auto opened = Open(2, other);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message,
            "b.conf:4: limit_conn_zone \"one\" uses the \"$host\" key while previously it used the \"$uri\" key at "
            "a.conf:3; give it another name or another size");
  other = PlannedCounts("b.conf:5");
  other.kind = zone::ZoneKind::kRates;
  opened = Open(2, other);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("b.conf:5: the shared memory zone \"one\" is one of limit_req_zone"));
  EXPECT_THAT(opened.error().message, HasSubstr("limit_conn_zone at a.conf:3"));
  EXPECT_EQ(resources_.Find(2), nullptr);
}

TEST_F(ZonesTest, WhatTheDeadHadIsGivenBack) {
  ASSERT_TRUE(Open(1, PlannedCounts()));
  CountingWorker first(*In(1), 0);
  CountingWorker second(*In(1), 1);
  for (int i = 0; i < 3; ++i) first.Take("a");
  second.Take("a");
  resources_.GiveBackZones(0);
  EXPECT_EQ(second.Of("a"), 1u);
}

TEST_F(ZonesTest, WhatAllWorkersOfAnotherMasterHadIsGivenBack) {
  ASSERT_TRUE(Open(1, PlannedCounts()));
  CountingWorker own(*In(1), 5);
  own.Take("a");
  for (const std::uint32_t holder : {zone::kHoldersPerSide, zone::kHoldersPerSide + 700, zone::kHolders - 1}) {
    CountingWorker(*In(1), holder).Take("a");
  }
  EXPECT_EQ(own.Of("a"), 4u);
  resources_.GiveBackSide(1);
  EXPECT_EQ(own.Of("a"), 1u);
}

class HandedZonesTest : public ZonesTest {
 protected:
  // Far from the numbers that the test itself gets.
  static constexpr int kFirst = 700;

  // As a new binary finds them.
  static void PutAll(const HandedZones& handed) {
    const auto description = DescribeZones(handed);
    ASSERT_TRUE(description);
    ASSERT_EQ(fcntl(description->get(), F_DUPFD, kFirst), kFirst);
    int number = kFirst + 1;
    for (const auto& zone : handed.zones) {
      ASSERT_EQ(fcntl(zone->fd.get(), F_DUPFD, number), number);
      ++number;
    }
  }
  std::vector<std::string> ignored_;
};

TEST_F(HandedZonesTest, AnotherMasterGoesOnWithThem) {
  ASSERT_TRUE(Open(1, PlannedCounts()));
  CountingWorker(*In(1), 0).Take("a");
  PutAll(resources_.ZonesToHandOver(1));
  HandedZones taken = TakeZones(kFirst, ignored_);
  EXPECT_THAT(ignored_, testing::IsEmpty());
  EXPECT_EQ(taken.side, 1u);
  ASSERT_EQ(taken.zones.size(), 1u);
  EXPECT_NE(fcntl(kFirst + 1, F_GETFD) & FD_CLOEXEC, 0);

  Resources later({}, std::move(taken));
  auto plan = std::make_shared<ipc::Plan>();
  plan->zones = {PlannedCounts()};
  ASSERT_TRUE(later.Open(1, plan));
  EXPECT_EQ(CountingWorker(*later.Find(1)->zones.at(0), 1).Of("a"), 1u);
}

TEST_F(HandedZonesTest, AnUnknownLayoutIsLeftOutAndSaid) {
  ASSERT_TRUE(Open(1, PlannedCounts()));
  auto common = sys::Mapping::MapShared(In(1)->fd.get(), sizeof(zone::TableHeader), true);
  static_cast<zone::TableHeader*>(common->data())->version.store(99);
  PutAll(resources_.ZonesToHandOver(0));
  EXPECT_TRUE(TakeZones(kFirst, ignored_).zones.empty());
  EXPECT_THAT(ignored_,
              testing::ElementsAre("the zone \"one\" has a layout that this version does not know: it begins empty"));
}

TEST_F(HandedZonesTest, WhatIsNoDescriptionIsLeftOutAndSaid) {
  const auto memory = sys::SealedMemfd("test", "nonsense");
  ASSERT_EQ(fcntl(memory->get(), F_DUPFD, kFirst), kFirst);
  EXPECT_TRUE(TakeZones(kFirst, ignored_).zones.empty());
  EXPECT_THAT(ignored_, testing::ElementsAre(HasSubstr("COLMEIA_ZONES=700 describes no zones")));
}

}  // namespace
}  // namespace colmeia::resources
