#include "ipc/codec.h"

#include <gmock/gmock.h>

#include "ipc/plan.h"

namespace colmeia::ipc {
namespace {

using namespace std::string_literals;

struct Inner {
  std::int16_t number = 0;
  std::string text;
  static constexpr auto Fields(auto& self, auto& f) { return f(self.number, self.text); }
  bool operator==(const Inner&) const = default;
};

enum class Colour : std::uint8_t { kRed = 1, kBlue = 2 };

struct Everything {
  bool flag = false;
  std::uint8_t u8 = 0;
  std::int32_t i32 = 0;
  std::uint64_t u64 = 0;
  Colour colour = Colour::kRed;
  util::Milliseconds time{0};
  std::string text;
  std::vector<std::vector<std::uint32_t>> lists;
  std::vector<Inner> inners;
  Inner inner;
  static constexpr auto Fields(auto& self, auto& f) {
    return f(self.flag, self.u8, self.i32, self.u64, self.colour, self.time, self.text, self.lists, self.inners,
             self.inner);
  }
  bool operator==(const Everything&) const = default;
};

Everything Sample() {
  return {.flag = true,
          .u8 = 200,
          .i32 = -5,
          .u64 = 0xfedcba9876543210,
          .colour = Colour::kBlue,
          .time = util::Milliseconds(-1),
          .text = "a\0b"s,
          .lists = {{1, 2}, {}, {3}},
          .inners = {{-1, "x"}, {2, ""}},
          .inner = {-32768, "end"}};
}

TEST(CodecTest, EveryKindOfValueComesBack) {
  Everything back;

  ASSERT_TRUE(Decode(Encode(Sample()), back));

  EXPECT_EQ(back, Sample());
}

TEST(CodecTest, IntegersAreLittleEndianAndUnpadded) {
  EXPECT_EQ(Encode(Inner{.number = -2, .text = "hi"}), "\xfe\xff\x02\x00\x00\x00hi"s);
}

TEST(CodecTest, EveryTruncationIsRefused) {
  const std::string bytes = Encode(Sample());

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Everything back;
    EXPECT_FALSE(Decode(std::string_view(bytes).substr(0, size), back)) << size;
  }
}

TEST(CodecTest, AByteTooManyIsRefused) {
  Everything back;

  EXPECT_FALSE(Decode(Encode(Sample()) + '\0', back));
}

TEST(CodecTest, ABoolIsZeroOrOne) {
  bool value = false;

  EXPECT_TRUE(Decode("\1"s, value));
  EXPECT_FALSE(Decode("\2"s, value));
}

TEST(CodecTest, AnAbsurdCountCostsNoMemory) {
  std::vector<std::string> strings;
  std::vector<Everything> structs;
  std::string text;

  EXPECT_FALSE(Decode("\xff\xff\xff\xff"s, strings));
  EXPECT_FALSE(Decode("\x04\x00\x00\x00\x00\x00\x00\x00"s, strings));
  EXPECT_FALSE(Decode("\xff\xff\xff\x7f aaaaaaaaaaaaaaaa"s, structs));
  EXPECT_FALSE(Decode("\xff\xff\xff\xff"s, text));
  EXPECT_LT(strings.capacity() + structs.capacity(), 100u);
}

TEST(CodecTest, DecodingReplacesWhatWasThere) {
  std::vector<std::uint32_t> list = {7, 8, 9};

  ASSERT_TRUE(Decode(Encode(std::vector<std::uint32_t>{1}), list));

  EXPECT_THAT(list, testing::ElementsAre(1));
}

TEST(CodecTest, APlanComesBack) {
  Plan plan;
  plan.identity = {
      .change_user = true, .uid = 33, .gid = 33, .groups = {33, 44}, .user = "www", .affinity = {{0}, {1, 2}}};
  plan.listeners = {{.name = "0.0.0.0:80", .address = "\2\0\0\x50"s, .reuseport = true, .where = "nginx.conf:3"}};
  plan.logs = {{.path = "/var/log/access.log", .where = "nginx.conf:9"}};
  plan.error_logs = {{.log = 0, .level = 3}};
  plan.zones = {
      {.name = "one", .kind = zone::ZoneKind::kCounts, .size = 1 << 20, .key = "$uri", .where = "nginx.conf:11"}};
  plan.workers = 8;
  plan.environment = {"A=b"};
  plan.shutdown_timeout = util::Milliseconds(30000);
  Plan back;

  ASSERT_TRUE(Decode(Encode(plan), back));

  EXPECT_EQ(back, plan);
}

}  // namespace
}  // namespace colmeia::ipc
