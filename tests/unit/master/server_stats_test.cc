#include "master/server_stats.h"

#include <utility>

#include <gtest/gtest.h>

namespace colmeia::master {
namespace {

class ServerStatsTest : public testing::Test {
 protected:
  loop::Loop loop;
  scoreboard::Board board = std::move(*scoreboard::Board::Create());
  ServerStats stats{loop, board};
};

TEST_F(ServerStatsTest, AReloadIsTimedFromItsBeginToItsEnd) {
  bool later = false;
  loop::Timer timer(loop, [&] { later = true; });
  stats.ReloadBegins(2);
  timer.StartAfter(std::chrono::milliseconds(20));
  while (!later) loop.RunOnce();

  stats.ReloadEnds(2, "");

  const scoreboard::ServerView server = board.Server();
  ASSERT_TRUE(server.last_reload);
  EXPECT_EQ(server.reloads_succeeded, 1u);
  EXPECT_TRUE(server.last_reload->succeeded);
  EXPECT_EQ(server.last_reload->generation, 2u);
  EXPECT_GE(server.last_reload->duration_us, 20'000u);
  EXPECT_GT(server.last_reload->wall_ms, server.started_wall_ms - 1);
}

TEST_F(ServerStatsTest, AReloadThatFailedSaysWhy) {
  stats.ReloadBegins(2);
  stats.ReloadEnds(2, "colmeia.conf:3: unknown directive");

  EXPECT_EQ(board.Server().reloads_failed, 1u);
  EXPECT_FALSE(board.Server().last_reload->succeeded);
  EXPECT_EQ(board.Server().last_reload->why, "colmeia.conf:3: unknown directive");

  stats.ReloadBegins(3);
  stats.ReloadEnds(3, "");

  EXPECT_TRUE(board.Server().last_reload->succeeded);
  EXPECT_EQ(board.Server().reloads_failed, 1u);
  EXPECT_EQ(stats.history().failed_reload->why, "colmeia.conf:3: unknown directive");
  EXPECT_EQ(stats.history().succeeded_reload->generation, 3u);
}

TEST_F(ServerStatsTest, TheLastRespawnIsRemembered) {
  stats.Respawn({.generation = 1, .seat = 0, .pid = 10, .when = {}, .why = "exited with code 1"});
  stats.Respawn({.generation = 1, .seat = 1, .pid = 11, .when = {}, .why = "hung"});
  stats.Explain(10, "nothing new");
  stats.Explain(11, "serving \"GET / HTTP/1.1\"");

  EXPECT_EQ(board.Server().respawns, 2u);
  EXPECT_EQ(stats.history().respawn->seat, 1u);
  EXPECT_EQ(stats.history().respawn->why, "hung; serving \"GET / HTTP/1.1\"");
  EXPECT_GT(stats.history().respawn->when.wall_ms, 0u);
}

TEST_F(ServerStatsTest, WhatTheMasterUsesIsThereFromTheStart) {
  stats.Start();

  EXPECT_GT(board.Server().cpu_us, 0u);
  EXPECT_GT(board.Server().rss_bytes, 0u);
}

TEST_F(ServerStatsTest, LostNamesAreCounted) {
  std::vector<std::string> lost = {"unix:/a", "unix:/b"};
  stats.lost_names = [&] { return lost; };

  stats.Start();
  EXPECT_EQ(board.Server().names_lost, 2u);
  lost.clear();
  stats.Start();

  EXPECT_EQ(board.Server().names_lost, 0u);
}

}  // namespace
}  // namespace colmeia::master
