#include "app/ctl_text.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/full_status.h"
#include "control/json.h"

namespace colmeia::app {
namespace {

using control::Field;
using control::Status;
using testing::HasSubstr;

class CtlTextTest : public testing::Test {
 protected:
  static std::size_t Widest(const std::string& text) {
    std::size_t widest = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
    return widest;
  }
};

TEST_F(CtlTextTest, CarriesEveryFieldOfTheJson) {
  const Status status = control::FullStatus();
  const std::string json = control::ViewJson(control::View::kStatus, status);
  const std::string text = StatusText(status, {100});
  std::size_t fields = 0;

  control::ForEachLeaf(status, [&](const Field& field) {
    ++fields;
    EXPECT_THAT(json, HasSubstr("\"" + std::string(field.name) + "\":"));
    ASSERT_FALSE(field.title.empty()) << field.name;
    EXPECT_THAT(text, HasSubstr(field.title)) << field.name;
    EXPECT_FALSE(field.meaning.empty()) << field.name;
  });

  EXPECT_GT(fields, 50u);
}

TEST_F(CtlTextTest, StaysWithinTheWidth) {
  const Status status = control::FullStatus();

  for (const std::size_t width : {60u, 80u, 100u, 200u}) EXPECT_LE(Widest(WorkersText(status, {width})), width);
}

TEST_F(CtlTextTest, AlignsColumnsNumbersToTheRight) {
  Status status;
  status.generations = {{.number = 9, .state = "draining", .workers = 0, .living = 2, .age_ms = 3'900'000},
                        {.number = 10, .state = "serving", .workers = 4, .living = 4, .ready = 4, .connections = 120}};

  EXPECT_EQ(GenerationsText(status, {100}),
            "generations: 2\n"
            "  GEN  STATE     WORKERS  LIVING  READY  CONNS    AGE  LEFT\n"
            "    9  draining        0       2      0      0  1h05m     -\n"
            "   10  serving         4       4      4    120      -     -\n");
}

TEST_F(CtlTextTest, RepeatsTheFirstColumnWhereOneTableIsNotEnough) {
  Status status;
  status.workers.emplace_back().slot = 777;

  const std::string text = WorkersText(status, {100});

  const std::size_t first = text.find("777");
  EXPECT_NE(text.find("777", first + 1), std::string::npos);
}

TEST_F(CtlTextTest, WritesQuantitiesForPeople) {
  Status status;
  auto& worker = status.workers.emplace_back();
  worker.uptime_ms = 850;
  worker.heartbeat_age_ms = 3'250;
  worker.deadline_ms = 725'000;
  worker.counts.bytes_in = 1536;
  worker.counts.bytes_out = 1023;
  worker.counts.lag = {.last_ns = 999, .longest_ns = 42'500};

  const std::string text = WorkersText(status, {400});

  for (const char* quantity : {"850ms", "3.2s", "12m05s", "1.5K", "1023", "999ns", "42us"}) {
    EXPECT_THAT(text, HasSubstr(quantity));
  }
}

TEST_F(CtlTextTest, KeepsControlCharactersFromTheTerminal) {
  Status status;
  status.workers.emplace_back().reason = "evil \x1b[2J\nreason";

  EXPECT_THAT(WorkersText(status, {400}), HasSubstr("evil \\x1B[2J\\x0Areason"));
}

TEST_F(CtlTextTest, ShowsTheLinesOfAReasonBelowEachOther) {
  Status status;
  status.server.failed_reload = {.generation = 2, .why = "a.conf:3:5: no\n    \x1b[2Jx;\n    ^\n"};

  EXPECT_THAT(StatusText(status, {100}), HasSubstr("  FAILED WHY      a.conf:3:5: no\n"
                                                   "                      \\x1B[2Jx;\n"
                                                   "                      ^\n"
                                                   "  RESPAWNS "));
}

TEST_F(CtlTextTest, HealthIsOneLine) {
  EXPECT_EQ(HealthText({.ok = true,
                        .state = "serving",
                        .generation = 2,
                        .workers_ready = 4,
                        .workers_wanted = 4,
                        .uptime_ms = 11'520'000}),
            "serving: 4 of 4 workers ready, generation 2, up 3h12m\n");
}

TEST_F(CtlTextTest, HealthTellsOfSilenceAndWhatHasHappened) {
  const control::Health health{.state = "serving",
                               .generation = 2,
                               .workers_ready = 3,
                               .workers_wanted = 4,
                               .workers_silent = 1,
                               .uptime_ms = 1000,
                               .notes = "a reload failed: a.conf:1\n  \x1b[2Jx\n"};

  EXPECT_EQ(HealthText(health),
            "serving: 3 of 4 workers ready, 1 silent, generation 2, up 1.0s\n"
            "a reload failed: a.conf:1\n  \\x1B[2Jx\n");
  EXPECT_THAT(HealthText(health, /*coloured=*/true),
              HasSubstr("\x1b[32mserving\x1b[0m: 3 of 4 workers ready\x1b[1;31m, 1 silent\x1b[0m"));
}

TEST_F(CtlTextTest, StatesStandInColoursAndColumnsAsWithout) {
  control::Status status;
  status.workers.resize(1);
  status.workers[0].state = "silent";
  std::string coloured = WorkersText(status, {.width = 400, .coloured = true});

  EXPECT_THAT(coloured, HasSubstr("\x1b[1;31msilent\x1b[0m"));
  for (const std::string_view style : {"\x1b[1;31m", "\x1b[0m"}) coloured.erase(coloured.find(style), style.size());
  EXPECT_EQ(coloured, WorkersText(status, {.width = 400}));
}

}  // namespace
}  // namespace colmeia::app
