#include "master/status.h"

#include "ipc/codec.h"
#include "ipc/plan.h"
#include "supervisor/fixture.h"
#include "sys/memfd.h"
#include "zone/rate_table.h"

namespace colmeia::master {
namespace {

using namespace std::chrono_literals;

class StatusTest : public supervisor::SupervisorFixture {
 protected:
  StatusTest() : board_(*scoreboard::Board::Create()) {}

  // The shell's part: the board knows every process that was spawned.
  control::Status Look() {
    for (std::uint32_t slot = 0; slot < supervisor.slots().used(); ++slot) {
      const supervisor::Slot& record = supervisor.slots()[slot];
      if (record.pid == 0 || board_.Read(slot).state != supervisor::SlotState::kEmpty) continue;
      board_.Occupy(slot, {record.pid, record.generation, record.seat});
    }
    return CollectStatus(supervisor, history_, board_, resources_, clock.Now());
  }

  History history_;
  scoreboard::Board board_;
  resources::Resources resources_;
};

TEST_F(StatusTest, TellsWhoServes) {
  GivenReadyWorkers(2);

  const control::Status status = Look();

  EXPECT_EQ(status.server.state, "serving");
  EXPECT_EQ(status.server.pid, static_cast<std::uint64_t>(getpid()));
  EXPECT_EQ(status.server.generation, 1u);
  EXPECT_EQ(status.server.workers_wanted, 2u);
  EXPECT_EQ(status.server.workers_ready, 2u);
  ASSERT_EQ(status.workers.size(), 2u);
  EXPECT_EQ(status.workers[1].slot, 1u);
  EXPECT_EQ(status.workers[1].seat, 1u);
  EXPECT_EQ(status.workers[1].state, "ready");
  EXPECT_EQ(status.workers[1].heartbeat_age_ms, std::nullopt);
  EXPECT_EQ(status.workers[1].started.size(), std::string("2026-11-23T12:45:54Z").size());
  EXPECT_TRUE(control::HealthOf(status).ok);
}

TEST_F(StatusTest, TellsWhatEachCountedAndTheSum) {
  GivenReadyWorkers(2);
  Look();
  scoreboard::SlotWriter first = board_.Writer(0);
  first.Add(scoreboard::Total::kRequests, 3);
  first.AddResponse(404);
  first.Raise(scoreboard::Gauge::kConnections);
  board_.Writer(1).Add(scoreboard::Total::kRequests, 4);

  const control::Status status = Look();

  EXPECT_EQ(status.workers[0].counts.requests, 3u);
  EXPECT_EQ(status.workers[0].counts.responses.s4xx, 1u);
  EXPECT_EQ(status.workers[1].counts.requests, 4u);
  EXPECT_EQ(status.totals.requests, 7u);
  EXPECT_EQ(status.generations.at(0).connections, 1u);
}

TEST_F(StatusTest, TellsTheAgeOfAHeartbeat) {
  GivenReadyWorkers(1);
  Look();
  const auto now = std::chrono::nanoseconds(clock.Now().time_since_epoch()).count();
  board_.Writer(0).Beat(static_cast<std::uint64_t>(now) - 2'500'000'000);

  EXPECT_EQ(Look().workers[0].heartbeat_age_ms, 2500u);
}

TEST_F(StatusTest, AWorkerThatStandsStillIsSilentNow) {
  GivenReadyWorkers(2);
  Look();
  const auto now = static_cast<std::uint64_t>(std::chrono::nanoseconds(clock.Now().time_since_epoch()).count());
  board_.Writer(0).Set(scoreboard::Gauge::kBeatNs, 300'000'000);
  board_.Writer(0).Beat(now - 900'000'000);
  board_.Writer(0).BeginServing(now - 850'000'000);

  const control::Status status = Look();

  EXPECT_EQ(status.workers[0].state, "silent");
  EXPECT_EQ(status.workers[0].silent_ms, 850u);
  EXPECT_EQ(status.workers[0].counts.lag.last_ns, 850'000'000u);
  EXPECT_EQ(status.workers[0].counts.lag.longest_ns, 850'000'000u);
  EXPECT_EQ(status.totals.lag.longest_ns, 850'000'000u);
  EXPECT_EQ(status.workers[1].state, "ready");
  EXPECT_EQ(status.server.workers_ready, 1u);
  EXPECT_EQ(status.server.workers_silent, 1u);
  EXPECT_FALSE(control::HealthOf(status).ok);
  EXPECT_THAT(control::HealthOf(status).notes, testing::HasSubstr("1 worker is silent"));
}

TEST_F(StatusTest, RemembersTheLastReloadThatFailedAndTheLastRespawn) {
  GivenReadyWorkers(1);
  for (int failed = 0; failed < 2; ++failed) board_.AddReload({.generation = 3, .succeeded = false});
  history_.failed_reload = {
      .generation = 3, .when = {clock.Now(), 1'795'444'500'000}, .why = "a.conf:7:5: no\n  x;\n  ^\n"};
  for (int respawn = 0; respawn < 4; ++respawn) board_.AddRespawn();
  history_.respawn = {.generation = 1, .seat = 0, .pid = 77, .when = {clock.Now(), 1}, .why = "was killed"};
  Advance(2s);

  const control::Status status = Look();
  const control::ServerStatus& server = status.server;

  EXPECT_EQ(server.failed_reload.ago_ms, 2000u);
  EXPECT_EQ(server.failed_reload.why, "a.conf:7:5: no\n  x;\n  ^\n");
  EXPECT_EQ(control::HealthOf(status).notes,
            "the last reload failed 2.0s ago (" + server.failed_reload.at + "): a.conf:7:5: no\n    x;\n    ^\n" +
                "4 respawns, the last one 2.0s ago (" + server.last_respawn.at + "): worker 0 (pid 77) was killed\n");
}

TEST_F(StatusTest, RemembersTheLastReloadThatSucceeded) {
  GivenReadyWorkers(1);
  EXPECT_EQ(Look().server.succeeded_reload, control::SucceededReload{});
  history_.succeeded_reload = {.generation = 2, .when = {clock.Now(), 1'795'444'500'000}};
  Advance(3s);

  const control::SucceededReload reload = Look().server.succeeded_reload;

  EXPECT_EQ(reload.generation, 2u);
  EXPECT_EQ(reload.at, "2026-11-23T14:35:00Z");
  EXPECT_EQ(reload.ago_ms, 3000u);
}

TEST_F(StatusTest, TellsHowFullZonesAre) {
  GivenReadyWorkers(1);
  auto plan = std::make_shared<ipc::Plan>();
  plan->zones = {{.name = "one", .kind = zone::ZoneKind::kRates, .size = 65536, .key = "$uri", .rate = 1000}};
  ASSERT_TRUE(resources_.Open(1, plan));
  ASSERT_TRUE(resources_.Open(2, plan));
  const resources::OpenZone& zone = *resources_.Find(1)->zones.at(0);
  const zone::TableGeometry geometry = resources::GeometryOf(zone.planned.kind, zone.planned.size);
  auto memory = sys::Mapping::MapShared(zone.fd.get(), geometry.common_size(), true);
  const zone::Table table = zone::Table::Attach({static_cast<std::byte*>(memory->data()), memory->size()}, geometry);
  const auto now_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<util::Milliseconds>(clock.Now().time_since_epoch()).count());
  static_cast<void>(zone::RateTable(table).Take(table.Hash("/a"), 1000, 0, {.holder = 0, .now_ms = now_ms}));
  table.CountRefused();

  const control::Status status = Look();

  ASSERT_EQ(status.zones.size(), 1u);
  EXPECT_EQ(status.zones[0], (control::ZoneStatus{.name = "one",
                                                  .kind = "limit_req_zone",
                                                  .size_bytes = 65536,
                                                  .slots = table.size(),
                                                  .living = 1,
                                                  .refused = 1}));
}

TEST_F(StatusTest, TellsHowLongALeavingWorkerHas) {
  GivenReadyWorkers(1, 30s);
  Send(SIGQUIT);
  Advance(10s);

  const control::Status status = Look();

  EXPECT_EQ(status.server.state, "draining");
  ASSERT_EQ(status.workers.size(), 1u);
  ASSERT_NE(status.workers[0].deadline_ms, std::nullopt);
  EXPECT_GT(*status.workers[0].deadline_ms, 19'000u);
  EXPECT_LE(*status.workers[0].deadline_ms, 21'000u);
  EXPECT_EQ(status.generations.at(0).state, "draining");
  EXPECT_EQ(status.generations.at(0).workers, 0u);
  EXPECT_EQ(status.generations.at(0).deadline_ms, status.workers[0].deadline_ms);
}

TEST_F(StatusTest, ShowsBothGenerationsWhileOneTakesOver) {
  GivenReadyWorkers(2);
  GivenReloadSpawned(2, 3);

  const control::Status status = Look();

  ASSERT_EQ(status.generations.size(), 2u);
  EXPECT_EQ(status.generations[0].state, "serving");
  EXPECT_EQ(status.generations[0].ready, 2u);
  EXPECT_EQ(status.generations[1].state, "starting");
  EXPECT_EQ(status.generations[1].living, 3u);
  EXPECT_EQ(status.generations[1].ready, 0u);
  EXPECT_EQ(status.server.generation, 1u);
  EXPECT_EQ(status.workers.size(), 5u);
}

TEST_F(StatusTest, AWorkerThatDiedIsMissed) {
  GivenReadyWorkers(2);
  Dies(0, 0, SIGKILL);

  const control::Status status = Look();

  EXPECT_EQ(status.server.workers_wanted, 2u);
  EXPECT_EQ(status.server.workers_ready, 1u);
  EXPECT_FALSE(control::HealthOf(status).ok);
}

TEST_F(StatusTest, BeforeTheFirstGenerationServesItIsStarting) {
  GivenSpawnedWorkers(1);

  const control::Status status = Look();

  EXPECT_EQ(status.server.state, "starting");
  EXPECT_EQ(status.server.generation, 0u);
  EXPECT_EQ(status.workers.at(0).state, "starting");
}

sys::UniqueFd TextOf(const std::string& source) {
  auto text = sys::SealedMemfd("test", ipc::Encode(ipc::ConfigText{.source = source, .names = {}}));
  EXPECT_TRUE(text) << text.error().message;
  return text ? *std::move(text) : sys::UniqueFd();
}

TEST(CollectConfigurationTest, GivesTheTextAsItIs) {
  const auto configuration = CollectConfiguration(7, TextOf("worker_processes 2;").get());

  ASSERT_TRUE(configuration) << configuration.error().message;
  EXPECT_EQ(*configuration, (control::Configuration{7, "worker_processes 2;", 0}));
}

TEST(CollectConfigurationTest, OneThatIsTooLargeIsRefusedInWords) {
  static constexpr std::size_t kMost = control::Configuration::kMostBytes;

  EXPECT_TRUE(CollectConfiguration(1, TextOf(std::string(kMost - 8, '#')).get()));
  const auto larger = CollectConfiguration(1, TextOf(std::string(kMost - 7, '#')).get());

  ASSERT_FALSE(larger);
  EXPECT_THAT(larger.error().message, testing::HasSubstr("no more than 10485760 are handed out"));
}

TEST(CollectConfigurationTest, ATextThatIsDamagedIsAnError) {
  const auto text = sys::SealedMemfd("test", "\xff\xff\xff\xff");

  EXPECT_FALSE(CollectConfiguration(1, text->get()));
  EXPECT_FALSE(CollectConfiguration(1, -1));
}

}  // namespace
}  // namespace colmeia::master
