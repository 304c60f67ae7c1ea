#include "site/events.h"

#include "site/whole_fixture.h"

namespace colmeia::site {
namespace {

using testing::HasSubstr;

using EventsTest = WholeTest;

TEST_F(EventsTest, HasDefaults) {
  Configure("");
  const auto& events = site->main.Get<EventsSettings>();
  EXPECT_EQ(events.worker_connections, 512u);
  EXPECT_FALSE(events.multi_accept);
  EXPECT_EQ(events.accept_by, ipc::AcceptBy::kExclusive);
  EXPECT_EQ(events.accept_mutex_delay.count(), 500);
}

TEST_F(EventsTest, ReadsWhatIsWritten) {
  Configure("events { worker_connections 4096; multi_accept on; accept_mutex on; accept_mutex_delay 1s; use epoll; }");
  const auto& events = site->main.Get<EventsSettings>();
  EXPECT_EQ(events.worker_connections, 4096u);
  EXPECT_TRUE(events.multi_accept);
  EXPECT_EQ(events.accept_by, ipc::AcceptBy::kMutex);
  EXPECT_EQ(events.accept_mutex_delay.count(), 1000);
}

TEST_F(EventsTest, KnowsFiveWaysToAcceptByTheirNames) {
  for (const auto way : {ipc::AcceptBy::kExclusive, ipc::AcceptBy::kShared, ipc::AcceptBy::kReuseport,
                         ipc::AcceptBy::kMutex, ipc::AcceptBy::kHandoff}) {
    Configure("events { accept_by " + std::string(ipc::AcceptByName(way)) + "; }");
    EXPECT_EQ(site->main.Get<EventsSettings>().accept_by, way);
  }
  EXPECT_THAT(ErrorsOfWhole("events { accept_by chance; }"), HasSubstr("accept_by"));
}

TEST_F(EventsTest, AcceptByIsHeardBeforeAcceptMutex) {
  Configure("events { accept_mutex on; accept_by shared; }");
  EXPECT_EQ(site->main.Get<EventsSettings>().accept_by, ipc::AcceptBy::kShared);
  Configure("events { accept_mutex off; }");
  EXPECT_EQ(site->main.Get<EventsSettings>().accept_by, ipc::AcceptBy::kExclusive);
}

TEST_F(EventsTest, RefusesNonsense) {
  EXPECT_THAT(ErrorsOfWhole("events { use kqueue; }"), HasSubstr("colmeia always uses epoll"));
  EXPECT_THAT(ErrorsOfWhole("events { worker_connections 0; }"), HasSubstr("worker_connections"));
}

}  // namespace
}  // namespace colmeia::site
