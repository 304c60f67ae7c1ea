#include "trace/select.h"

#include <gmock/gmock.h>

#include "trace/story.h"

namespace colmeia::trace {
namespace {

std::vector<std::uint64_t> Numbers(const std::vector<Event>& events) {
  std::vector<std::uint64_t> out;
  for (const Event& event : events) out.push_back(event.sequence);
  return out;
}

std::vector<std::uint64_t> FromTo(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t i = first; i <= last; ++i) out.push_back(i);
  return out;
}

TEST(LastReloadTest, ItIsTheOrderAndAllThatItLedTo) {
  const Story story = LastReload(AReload());

  EXPECT_TRUE(story.whole);
  EXPECT_EQ(story.events.front().text, "reload");
  EXPECT_EQ(Numbers(story.events), FromTo(2, 23));
}

TEST(LastReloadTest, OfTwoItIsTheLater) {
  std::vector<Event> events = AReload();
  for (Event event : AReload()) {
    event.sequence += 100;
    if (event.cause != 0) event.cause += 100;
    events.push_back(event);
  }

  EXPECT_EQ(Numbers(LastReload(events).events), FromTo(102, 123));
}

TEST(LastReloadTest, OneWhoseBeginningIsForgottenIsNotWhole) {
  std::vector<Event> events = AReload();
  events.erase(events.begin(), events.begin() + 2);

  const Story story = LastReload(events);

  EXPECT_FALSE(story.whole);
  EXPECT_EQ(Numbers(story.events), std::vector<std::uint64_t>{3});
}

TEST(LastReloadTest, WithoutAReloadThereIsNone) {
  EXPECT_THAT(LastReload({}).events, testing::IsEmpty());
  EXPECT_THAT(LastReload({{.kind = EventKind::kState, .text = "ready", .sequence = 1}}).events, testing::IsEmpty());
}

TEST(LedByTest, AnEventLeadsToItsEffectsAndTheirs) {
  EXPECT_EQ(Numbers(LedBy(AReload(), 18)), FromTo(18, 23));
  EXPECT_EQ(Numbers(LedBy(AReload(), 24)), std::vector<std::uint64_t>{24});
  EXPECT_THAT(LedBy(AReload(), 99), testing::IsEmpty());
}

}  // namespace
}  // namespace colmeia::trace
