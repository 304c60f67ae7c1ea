#include "http/connection_options.h"

#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

TEST(ConnectionOptionsTest, ReadsAListInAnyCaseAndSpacing) {
  ConnectionOptions options;

  options.Add("\tClose\t,, KEEP-alive ,x");

  EXPECT_TRUE(options.close);
  EXPECT_TRUE(options.keep_alive);
  EXPECT_FALSE(options.upgrade);
}

TEST(ConnectionOptionsTest, CloseWinsOverEverything) {
  ConnectionOptions options;
  options.Add("keep-alive");
  options.Add("close");

  EXPECT_FALSE(options.Persists(0));
  EXPECT_FALSE(options.Persists(1));
}

TEST(ConnectionOptionsTest, OldVersionsNeedToAskForPersistence) {
  ConnectionOptions silent;
  ConnectionOptions asking;
  asking.Add("keep-alive");

  EXPECT_TRUE(silent.Persists(1));
  EXPECT_FALSE(silent.Persists(0));
  EXPECT_TRUE(asking.Persists(0));
}

}  // namespace
}  // namespace colmeia::http
