#include <sstream>

#include <gmock/gmock.h>

#include "app/terminal.h"
#include "app/top_model.h"
#include "app/top_screen.h"
#include "manual_clock.h"

namespace colmeia::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

control::WorkerStatus Worker(std::uint64_t slot, std::uint64_t pid, std::uint64_t requests = 0,
                             std::uint64_t cpu_ms = 0) {
  control::WorkerStatus worker;
  worker.slot = slot;
  worker.seat = slot;
  worker.generation = 3;
  worker.pid = pid;
  worker.state = "ready";
  worker.heartbeat_age_ms = 120;
  worker.cpu_ns = cpu_ms * 1'000'000;
  worker.memory_bytes = 3'200'000;
  worker.counts.requests = requests;
  worker.counts.accepts = requests / 10;
  worker.counts.connections = 7;
  worker.counts.lag.last_ns = 40'000;
  return worker;
}

control::Status StatusOf(std::vector<control::WorkerStatus> workers, std::uint64_t requests = 0) {
  control::Status status;
  status.server.version = "1.2.3";
  status.server.pid = 100;
  status.server.state = "serving";
  status.server.generation = 3;
  status.server.workers_ready = workers.size();
  status.server.workers_wanted = 2;
  status.server.uptime_ms = 11'520'000;
  status.server.memory_bytes = 12 << 20;
  status.server.accept_by = "exclusive";
  status.server.configuration = "/srv/colmeia.conf";
  status.workers = std::move(workers);
  status.generations = {{.number = 3, .state = "serving", .workers = 2, .living = 2, .ready = 2, .connections = 14}};
  status.totals.requests = requests;
  status.totals.connections = 14;
  return status;
}

class TopTest : public testing::Test {
 protected:
  void Take(control::Status status) {
    model.Take(std::move(status), clock.Now());
    clock.Advance(2s);
  }
  std::vector<std::string> States() const {
    std::vector<std::string> out;
    for (const TopRow& row : model.rows()) {
      out.push_back(std::to_string(row.worker.slot) + " " + std::to_string(row.worker.pid) + (row.gone ? " gone" : ""));
    }
    return out;
  }
  std::string Screen(TopView view) const {
    std::string out;
    for (const TopLine& line : TopLines(model, view)) out += line.text + "\n";
    return out;
  }

  util::ManualClock clock;
  TopModel model;
};

TEST_F(TopTest, RatesComeOutOfTwoLooks) {
  Take(StatusOf({Worker(0, 200, 1000, 500)}, 1000));
  EXPECT_EQ(model.rows()[0].rates, std::nullopt);

  Take(StatusOf({Worker(0, 200, 1500, 1500)}, 1500));

  EXPECT_DOUBLE_EQ(model.rows()[0].rates->requests, 250);
  EXPECT_DOUBLE_EQ(model.rows()[0].rates->cpu_percent, 50);
  EXPECT_DOUBLE_EQ(model.totals()->requests, 250);
  EXPECT_DOUBLE_EQ(model.totals()->cpu_percent, 50);
}

TEST_F(TopTest, ANewWorkerHasDoneAllThatItDidSinceTheLastLook) {
  Take(StatusOf({Worker(0, 200, 1000)}));
  Take(StatusOf({Worker(0, 201, 10)}));

  EXPECT_DOUBLE_EQ(model.rows().back().rates->requests, 5);
}

TEST_F(TopTest, AnotherMasterBeginsAnew) {
  Take(StatusOf({Worker(0, 200, 1000)}, 1000));
  control::Status other = StatusOf({Worker(0, 200, 10)}, 10);
  other.server.pid = 101;
  Take(other);

  EXPECT_EQ(model.rows()[0].rates, std::nullopt);
  EXPECT_EQ(model.totals(), std::nullopt);
}

TEST_F(TopTest, AfterAnUpgradeTheOldMastersWorkersAreThereUntilTheyLeave) {
  Take(StatusOf({Worker(0, 200, 1000)}, 1000));
  control::Status other = StatusOf({Worker(0, 300)}, 10);
  other.server.pid = 101;
  clock.Advance(std::chrono::seconds(2));
  model.Take(other, clock.Now(), {Worker(0, 200, 1500)});

  EXPECT_THAT(States(), ElementsAre("0 300", "0 200"));
  EXPECT_FALSE(model.rows()[0].of_old_master);
  EXPECT_EQ(model.rows()[0].rates, std::nullopt);
  EXPECT_TRUE(model.rows()[1].of_old_master);
  EXPECT_GT(model.rows()[1].rates->requests, 0);

  model.Take(other, clock.Now());

  EXPECT_THAT(States(), ElementsAre("0 200 gone", "0 300"));
}

TEST_F(TopTest, AWorkerThatIsGoneStaysInSightBesideItsSuccessor) {
  Take(StatusOf({Worker(0, 200), Worker(1, 300)}));
  Take(StatusOf({Worker(0, 201), Worker(1, 300)}));
  EXPECT_THAT(States(), ElementsAre("0 200 gone", "0 201", "1 300"));

  Take(StatusOf({Worker(0, 201), Worker(1, 300)}));
  EXPECT_THAT(States(), ElementsAre("0 200 gone", "0 201", "1 300"));
  Take(StatusOf({Worker(0, 201), Worker(1, 300)}));
  EXPECT_THAT(States(), ElementsAre("0 201", "1 300"));
}

TEST_F(TopTest, ThePictureShowsEveryWorker) {
  Take(StatusOf({Worker(0, 200, 1000, 500), Worker(1, 300, 500)}, 1500));
  Take(StatusOf({Worker(0, 200, 3000, 600), Worker(1, 300, 1500)}, 4500));

  EXPECT_EQ("\n" + Screen({.width = 120, .selected = {}, .message = {}}), R"(
colmeia 1.2.3  serving  generation 3  2 of 2 workers ready  up 3h12m
master  pid 100  CPU 0.0%  memory 12.0M  /srv/colmeia.conf
workers CPU 5.0%  connections 14  requests/s 1500  in 0/s  out 0/s  accepts 0 by exclusive
generation 3 serving: 2 of 2 ready, 14 connections

SLOT SEAT  GEN     PID STATE      CPU%  MEMORY  CONNS    REQ/S    BEAT     LAG   ACCEPTS
   0    0    3     200 ready       5.0    3.1M      7     1000   120ms    40us       300  ##############################
   1    1    3     300 ready       0.0    3.1M      7      500   120ms    40us       150  ###############
)");
}

TEST_F(TopTest, NoLineIsWiderAndNoPictureHigherThanTheWindow) {
  std::vector<control::WorkerStatus> workers;
  for (std::uint64_t slot = 0; slot < 50; ++slot) workers.push_back(Worker(slot, 200 + slot, slot));
  Take(StatusOf(workers));

  for (const std::size_t width : {1U, 20U, 80U, 300U}) {
    for (const std::size_t height : {1U, 5U, 24U, 100U}) {
      for (const bool help : {false, true}) {
        const auto lines = TopLines(
            model, {.width = width, .height = height, .selected = 40, .message = {}, .help = help, .keys = true});
        EXPECT_EQ(lines.size(), height);
        for (const TopLine& line : lines) EXPECT_LE(line.text.size(), width);
      }
    }
  }
}

TEST_F(TopTest, TheSelectedWorkerIsAlwaysInSight) {
  std::vector<control::WorkerStatus> workers;
  for (std::uint64_t slot = 0; slot < 50; ++slot) workers.push_back(Worker(slot, 200 + slot));
  Take(StatusOf(workers));

  for (std::size_t selected = 0; selected < 50; ++selected) {
    std::size_t seen = 0;
    for (const TopLine& line :
         TopLines(model, {.width = 100, .height = 24, .selected = selected, .message = {}, .keys = true})) {
      if (line.look != Look::kSelected) continue;
      EXPECT_THAT(line.text, HasSubstr(" " + std::to_string(200 + selected) + " "));
      ++seen;
    }
    EXPECT_EQ(seen, 1u) << selected;
  }
}

TEST_F(TopTest, TheLastLineIsTheMessageOrTheKeys) {
  Take(StatusOf({Worker(0, 200)}));

  const auto last = [&](const TopView& view) { return TopLines(model, view).back().text; };
  EXPECT_THAT(last({.height = 24, .selected = {}, .message = {}, .keys = true}), HasSubstr("q quit"));
  EXPECT_EQ(last({.height = 24, .selected = {}, .message = "drain 0 ...", .keys = true}), "drain 0 ...");
}

TEST_F(TopTest, StatesHaveTheirLooks) {
  control::WorkerStatus draining = Worker(1, 300);
  draining.state = "draining";
  Take(StatusOf({Worker(0, 200), draining, Worker(2, 400)}));
  Take(StatusOf({Worker(0, 200), draining}));

  std::vector<Look> looks;
  for (const TopLine& line : TopLines(model, {.width = 100, .selected = {}, .message = {}})) looks.push_back(line.look);
  EXPECT_THAT(std::vector(looks.end() - 3, looks.end()), ElementsAre(Look::kGood, Look::kWarning, Look::kBad));
}

TEST_F(TopTest, NothingOnALineCommandsTheTerminal) {
  control::Status status = StatusOf({});
  status.server.configuration = "/srv/\x1b[2J\n";
  Take(status);

  EXPECT_THAT(Screen({.width = 100, .selected = {}, .message = {}}), Not(HasSubstr("\x1b")));
}

TEST(DecodeKeysTest, ArrowsAreLetters) {
  EXPECT_EQ(DecodeKeys("\x1b[A\x1b[B\x1bOA\x1bOB"), "kjkj");
  EXPECT_EQ(DecodeKeys("q"), "q");
  EXPECT_EQ(DecodeKeys("\x03"), "q");
  EXPECT_EQ(DecodeKeys("\x1b"), "\x1b");
  EXPECT_EQ(DecodeKeys("a\x1b[15~b\x1b[1;5Cc\x1b["), "abc");
}

}  // namespace
}  // namespace colmeia::app
