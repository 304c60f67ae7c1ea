#include "ipc/dissect.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "ipc/frame.h"

namespace colmeia::ipc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> Lines(std::string_view datagram) {
  std::vector<std::string> out;
  const auto parts = Dissect(datagram);
  if (!parts) return {parts.error().message};
  for (const Part& part : *parts) {
    out.push_back(fmt::format("{} {} {}={}", part.offset, part.size, part.name, part.value));
  }
  return out;
}

TEST(DissectTest, EveryFieldHasItsPlace) {
  EXPECT_THAT(Lines(EncodeFrame(Drain{.deadline = util::Milliseconds(5000)}, 7, 3)),
              ElementsAre("0 4 magic=\"colm\"", "4 2 version=1", "6 2 type=8 (Drain)", "8 4 sequence=7",
                          "12 4 in_reply_to=3", "16 4 length=28", "20 8 deadline=5000ms"));
}

TEST(DissectTest, AStringIsItsSizeAndItsBytes) {
  const std::vector<std::string> lines = Lines(EncodeFrame(Lend{LentKind::kLog, 2, "x.log"}, 1));
  EXPECT_THAT(std::vector(lines.begin() + 6, lines.end()),
              ElementsAre("20 1 kind=log", "21 4 ordinal=2", "25 4 size of name=5", "29 5 name=\"x.log\""));

  const std::vector<std::string> empty = Lines(EncodeFrame(Failed{}, 1));
  EXPECT_THAT(std::vector(empty.begin() + 6, empty.end()), ElementsAre("20 4 size of why=0"));
}

template <class Variant>
struct EachOf;
template <class... Ms>
struct EachOf<std::variant<Ms...>> {
  static std::vector<Message> Made() { return {Message(Ms{})...}; }
};

TEST(DissectTest, EveryByteOfEveryMessageIsInOnePart) {
  for (const Message& message : EachOf<Message>::Made()) {
    const std::string datagram = EncodeFrame(message, 1);
    const auto parts = Dissect(datagram);
    ASSERT_TRUE(parts) << Describe(message);
    std::size_t end = 0;
    for (const Part& part : *parts) {
      EXPECT_EQ(part.offset, end) << part.name;
      EXPECT_FALSE(part.name.empty());
      end += part.size;
    }
    EXPECT_EQ(end, datagram.size()) << Describe(message);
  }
}

TEST(DissectTest, WhatIsNoFrameIsRefused) {
  EXPECT_THAT(Lines("colm"), ElementsAre(HasSubstr("shorter than its header")));
  std::string cut = EncodeFrame(Lend{LentKind::kLog, 2, "x.log"}, 1);
  cut.pop_back();
  EXPECT_THAT(Lines(cut), ElementsAre(HasSubstr("has 33")));
}

}  // namespace
}  // namespace colmeia::ipc
