#include "modules/events.h"

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

using EventsTest = SiteTest;

TEST_F(EventsTest, HasDefaults) {
  Configure("");
  const auto& events = site->main.Get<EventsSettings>();
  EXPECT_EQ(events.worker_connections, 512u);
  EXPECT_FALSE(events.multi_accept);
}

TEST_F(EventsTest, ReadsWhatIsWritten) {
  Configure("events { worker_connections 4096; multi_accept on; accept_mutex on; accept_mutex_delay 1s; use epoll; }");
  const auto& events = site->main.Get<EventsSettings>();
  EXPECT_EQ(events.worker_connections, 4096u);
  EXPECT_TRUE(events.multi_accept);
  EXPECT_TRUE(events.accept_mutex);
}

TEST_F(EventsTest, RefusesNonsense) {
  EXPECT_THAT(ErrorsOfWhole("events { use kqueue; }"), HasSubstr("colmeia always uses epoll"));
  EXPECT_THAT(ErrorsOfWhole("events { worker_connections 0; }"), HasSubstr("worker_connections"));
}

}  // namespace
}  // namespace colmeia::modules
