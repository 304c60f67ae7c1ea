// The views of the hive, whole: what a page, a dashboard and a script rely on is compared byte for byte with
// tests/golden/hive/. COLMEIA_GOLDEN=write writes these files anew; the difference is then for a person to read.
#include <cstdlib>
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "modules/hive_json.h"
#include "modules/hive_metrics.h"
#include "scoreboard/board.h"
#include "sys/files.h"

namespace colmeia::modules {
namespace {

using scoreboard::Gauge;
using scoreboard::SlotState;
using scoreboard::SlotView;
using scoreboard::Total;
using testing::HasSubstr;
using testing::Not;

std::uint64_t& At(scoreboard::Counts& counts, Total total) { return counts.totals[static_cast<std::size_t>(total)]; }
std::uint64_t& At(scoreboard::Counts& counts, Gauge gauge) { return counts.gauges[static_cast<std::size_t>(gauge)]; }

SlotView WorkerOf(std::uint32_t seat, SlotState state, std::uint64_t requests) {
  SlotView view;
  view.state = state;
  view.pid = static_cast<std::int32_t>(4710 + seat);
  view.generation = 2;
  view.seat = seat;
  view.started_ns = 5'000'000'000;
  view.started_wall_ms = 1'795'000'005'000;
  view.heartbeat_ns = state == SlotState::kStarting ? 0 : 9'988'000'000;
  At(view.counts, Total::kRequests) = requests;
  At(view.counts, Total::kResponses2xx) = requests;
  At(view.counts, Total::kAccepts) = requests / 10;
  At(view.counts, Total::kCpuUs) = requests * 25;
  At(view.counts, Total::kBytesOut) = requests * 300;
  At(view.counts, Total::kBusyNs) = requests * 20'000;
  At(view.counts, Gauge::kConnections) = 3;
  At(view.counts, Gauge::kWriting) = 1;
  At(view.counts, Gauge::kWaiting) = 2;
  At(view.counts, Gauge::kRssBytes) = 12'000'000;
  At(view.counts, Gauge::kLagMaxNs) = 2'100'000;
  view.counts.lag[0] = requests;
  view.counts.lag[8] = 1;
  return view;
}

HiveFacts Facts() {
  HiveFacts facts;
  facts.version = "1.2.3";
  facts.accept_by = "exclusive";
  facts.slot = 2;
  facts.pid = 4710;
  facts.wall_ms = 1'795'000'010'000;
  facts.monotonic_ns = 10'000'000'000;
  facts.picture.server = {.state = scoreboard::ServerState::kServing,
                          .generation = 2,
                          .master_pid = 4700,
                          .started_ns = 1'000'000'000,
                          .started_wall_ms = 1'795'000'001'000,
                          .cpu_us = 81'234,
                          .rss_bytes = 9'437'184,
                          .respawns = 3,
                          .reloads_succeeded = 1,
                          .reloads_failed = 2,
                          .last_reload = scoreboard::Reload{.generation = 4,
                                                            .succeeded = false,
                                                            .wall_ms = 1'795'000'008'500,
                                                            .duration_us = 41'500,
                                                            .why = "a.conf:3: unknown \"x\""},
                          .last_failed_reload = scoreboard::Reload{.generation = 3,
                                                                   .succeeded = false,
                                                                   .wall_ms = 1'795'000'007'000,
                                                                   .duration_us = 12'000,
                                                                   .why = "b.conf:1: \x01"}};
  facts.zones = {{.name = "one", .kind = zone::ZoneKind::kRates, .size = 65'536, .occupancy = {4088, 17, 0}},
                 {.name = "a \"b\"\\", .kind = zone::ZoneKind::kCounts, .size = 32'768, .occupancy = {2040, 3, 9}}};
  scoreboard::Picture& picture = facts.picture;
  picture.slots = {{2, WorkerOf(0, SlotState::kReady, 1000)}, {5, WorkerOf(1, SlotState::kStarting, 10)}};
  At(picture.past, Total::kRequests) = 7;
  At(picture.past, Total::kResponses4xx) = 7;
  picture.past.lag[0] = 7;
  picture.sum = picture.past;
  for (const auto& [slot, view] : picture.slots) {
    for (std::size_t i = 0; i < scoreboard::kTotals; ++i) picture.sum.totals[i] += view.counts.totals[i];
    for (std::size_t i = 0; i < scoreboard::kGauges; ++i) picture.sum.gauges[i] += view.counts.gauges[i];
    for (std::size_t i = 0; i < scoreboard::kLagBuckets; ++i) picture.sum.lag[i] += view.counts.lag[i];
  }
  return facts;
}

// Members on lines of their own, so that a difference can be read.
std::string Lines(const std::string& json) {
  std::string out;
  for (const char c : json) {
    out += c;
    if (c == ',' || c == '{' || c == '}') out += '\n';
  }
  return out;
}

void ExpectGolden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(COLMEIA_SOURCE_DIR) + "/tests/golden/hive/" + name;
  const char* const mode = std::getenv("COLMEIA_GOLDEN");
  if (mode != nullptr && std::string_view(mode) == "write") std::ofstream(path) << actual;
  const auto expected = sys::ReadFile(path);
  ASSERT_TRUE(expected) << expected.error().message;
  EXPECT_EQ(actual, *expected);
}

TEST(HiveJsonTest, IsAsItWas) { ExpectGolden("state.json.lines", Lines(HiveJson(Facts()))); }

TEST(HiveJsonTest, IsOneLine) { EXPECT_THAT(HiveJson(Facts()), Not(HasSubstr("\n"))); }

TEST(HiveJsonTest, WithoutAMasterThereIsNone) {
  HiveFacts facts = Facts();
  facts.has_master = false;
  EXPECT_THAT(HiveJson(facts), HasSubstr(R"("master":null)"));
}

TEST(HiveJsonTest, BeforeTheFirstReloadThereIsNoLastOne) {
  HiveFacts facts = Facts();
  facts.picture.server.last_reload.reset();
  EXPECT_THAT(HiveJson(facts), HasSubstr(R"("last":null)"));
}

TEST(HiveJsonTest, AStampOfTheFutureIsNow) {
  HiveFacts facts = Facts();
  facts.picture.slots[0].second.heartbeat_ns = facts.monotonic_ns + 1'000'000'000;
  EXPECT_THAT(HiveJson(facts), HasSubstr(R"("heartbeat_age_ms":0)"));
}

TEST(HiveMetricsTest, SayNothingOfZonesWhereThereAreNone) {
  HiveFacts facts = Facts();
  facts.zones.clear();
  EXPECT_THAT(HiveMetrics(facts), Not(HasSubstr("colmeia_zone")));
  EXPECT_THAT(HiveJson(facts), HasSubstr(R"("zones":[])"));
}

TEST(HiveMetricsTest, AreAsTheyWere) { ExpectGolden("metrics.txt", HiveMetrics(Facts())); }

TEST(HiveMetricsTest, SayNothingOfAMasterThatIsNotThere) {
  HiveFacts facts = Facts();
  facts.has_master = false;
  EXPECT_THAT(HiveMetrics(facts), Not(HasSubstr("colmeia_master")));
}

}  // namespace
}  // namespace colmeia::modules
