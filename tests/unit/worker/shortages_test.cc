#include "worker/shortages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manual_clock.h"
#include "sys/unique_fd.h"

namespace colmeia::worker {
namespace {

using scoreboard::Total;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;  // NOLINT: for tests

class ShortagesTest : public testing::Test {
 protected:
  // What was logged since the last time.
  std::string Logged() {
    std::string text(64 * 1024, '\0');
    const ssize_t size = ::pread(fd.get(), text.data(), text.size(), read);
    read += size;
    return text.substr(0, static_cast<std::size_t>(size));
  }

  sys::UniqueFd fd = sys::UniqueFd(::memfd_create("log", MFD_CLOEXEC));
  ssize_t read = 0;
  log::ErrorLog log{{{fd.get(), log::Level::kWarn}}};
  scoreboard::Slot slot{};
  scoreboard::SlotWriter counts{slot};
  Shortages shortages{log, counts, 512};
  util::ManualClock clock;
};

TEST_F(ShortagesTest, NamesTheDirectiveOnceAMinuteAndCountsEachTime) {
  shortages.Note(Shortage::kConnections, true, clock.Now());
  EXPECT_THAT(Logged(),
              AllOf(HasSubstr("[warn]"), HasSubstr("512 worker_connections are not enough, reusing connections\n")));
  shortages.Note(Shortage::kConnections, true, clock.Now());
  clock.Advance(59s);
  shortages.Note(Shortage::kConnections, false, clock.Now());
  EXPECT_THAT(Logged(), IsEmpty());
  clock.Advance(1s);
  shortages.Note(Shortage::kConnections, false, clock.Now());

  EXPECT_THAT(Logged(),
              AllOf(HasSubstr("512 worker_connections are not enough, clients wait"), HasSubstr(", 3 times")));
  EXPECT_EQ(counts.Get(Total::kConnectionsFull), 4u);
}

TEST_F(ShortagesTest, EachShortageHasItsOwnMinute) {
  shortages.Note(Shortage::kConnections, true, clock.Now());
  shortages.Note(Shortage::kDescriptors, true, clock.Now());

  EXPECT_THAT(Logged(), AllOf(HasSubstr("worker_connections"), HasSubstr("worker_rlimit_nofile")));
  EXPECT_EQ(counts.Get(Total::kDescriptorsOut), 1u);
}

TEST_F(ShortagesTest, LostLinesSayOfWhichLogAndWhy) {
  shortages.LostLines("/var/log/a.log", 3, ENOSPC, clock.Now());
  EXPECT_THAT(Logged(),
              AllOf(HasSubstr("access_log \"/var/log/a.log\""), HasSubstr("No space left"), HasSubstr(" 3 ")));
  clock.Advance(1min);
  shortages.LostLines("/dev/fd/9", 4, EAGAIN, clock.Now());

  EXPECT_THAT(Logged(), HasSubstr("its reader is too slow"));
  EXPECT_EQ(counts.Get(Total::kLogLinesLost), 7u);
}

}  // namespace
}  // namespace colmeia::worker
