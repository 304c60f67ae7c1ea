#include "pipeline/aio.h"

#include <string>

#include <gmock/gmock.h>

#include "loop/loop.h"
#include "pipeline/site_fixture.h"

namespace colmeia::pipeline {
namespace {

using testing::HasSubstr;

class AioTest : public SiteTest {
 protected:
  std::string MistakesOf(const std::string& main, const std::string& location = "") {
    mistakes.clear();
    Load(main + " http { server { listen 127.0.0.1:80; location / { " + location + " } } }");
    return mistakes;
  }
};

TEST_F(AioTest, ThereIsAPoolThatNobodyMade) {
  EXPECT_EQ(MistakesOf("", "aio threads;"), "");
  EXPECT_EQ(MistakesOf("", "aio threads=default;"), "");
  loop::Loop loop;

  const ThreadPools pools = MakeThreadPools(loop, site->main);

  EXPECT_EQ(pools.size(), 1u);
  EXPECT_TRUE(pools.contains("default"));
  EXPECT_EQ(pools.at("default").threads(), 0u);
}

TEST_F(AioTest, PoolsHaveNames) {
  EXPECT_EQ(MistakesOf("thread_pool slow threads=2 max_queue=0; thread_pool default threads=4;", "aio threads=slow;"),
            "");
  loop::Loop loop;

  const ThreadPools pools = MakeThreadPools(loop, site->main);

  EXPECT_EQ(pools.size(), 2u);
  EXPECT_TRUE(pools.contains("slow"));
}

TEST_F(AioTest, ANameMayBeMadeOfVariables) { EXPECT_EQ(MistakesOf("", "aio threads=disk$server_port;"), ""); }

TEST_F(AioTest, OnAndOffAreTaken) {
  EXPECT_EQ(MistakesOf("", "aio on;"), "");
  EXPECT_EQ(MistakesOf("", "aio off;"), "");
}

TEST_F(AioTest, MistakesAreTold) {
  EXPECT_THAT(MistakesOf("", "aio threads=slow;"), HasSubstr("unknown thread pool \"slow\""));
  EXPECT_THAT(MistakesOf("", "aio threads=;"), HasSubstr("unknown thread pool \"\""));
  EXPECT_THAT(MistakesOf("", "aio sendfile;"), HasSubstr("expected off, on, threads or threads=POOL"));
  EXPECT_THAT(MistakesOf("", "aio on; aio off;"), HasSubstr("duplicate"));
  EXPECT_THAT(MistakesOf("thread_pool a threads=1; thread_pool a threads=2;"),
              HasSubstr("duplicate thread pool \"a\""));
  EXPECT_THAT(MistakesOf("thread_pool a max_queue=1;"), HasSubstr("\"thread_pool\" must have \"threads\" parameter"));
  EXPECT_THAT(MistakesOf("thread_pool a threads=0;"), HasSubstr("threads=NUMBER"));
  EXPECT_THAT(MistakesOf("thread_pool a threads=x;"), HasSubstr("threads=NUMBER"));
  EXPECT_THAT(MistakesOf("thread_pool a threads=1 max_queue=-1;"), HasSubstr("max_queue=NUMBER"));
  EXPECT_THAT(MistakesOf("thread_pool a threads=1 size=1;"), HasSubstr("threads=NUMBER or max_queue=NUMBER"));
  EXPECT_THAT(MistakesOf("", "thread_pool a threads=1;"), HasSubstr("thread_pool"));
}

}  // namespace
}  // namespace colmeia::pipeline
