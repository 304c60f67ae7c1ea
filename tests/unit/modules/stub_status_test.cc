#include "modules/stub_status.h"

#include "scoreboard/board.h"

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using StubStatusTest = SiteTest;

TEST_F(StubStatusTest, ShowsNginxsText) {
  auto board = *scoreboard::Board::Create();
  board.Occupy(3, {.pid = 1, .generation = 1, .seat = 0});
  scoreboard::SlotWriter writer = board.Writer(3);
  writer.Add(scoreboard::Total::kAccepts, 16630948);
  writer.Add(scoreboard::Total::kHandled, 16630947);
  writer.Add(scoreboard::Total::kRequests, 31070465);
  writer.Set(scoreboard::Gauge::kConnections, 291);
  writer.Set(scoreboard::Gauge::kReading, 6);
  writer.Set(scoreboard::Gauge::kWriting, 179);
  writer.Set(scoreboard::Gauge::kWaiting, 106);
  services.board = &board;
  Serve("location = /status { stub_status; }");

  const Answer answer = Get("/status");

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer["Content-Type"], "text/plain");
  EXPECT_EQ(answer.body,
            "Active connections: 291 \n"
            "server accepts handled requests\n"
            " 16630948 16630947 31070465 \n"
            "Reading: 6 Writing: 179 Waiting: 106 \n");
}

TEST_F(StubStatusTest, ReadsOnly) {
  Serve("location = /status { stub_status on; }");
  EXPECT_EQ(Ask("POST", "/status").status, 405);
}

}  // namespace
}  // namespace colmeia::modules
