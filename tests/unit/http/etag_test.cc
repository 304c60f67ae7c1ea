#include "http/etag.h"

#include <array>
#include <limits>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

std::string Format(const FileVersion& version, EtagForm form, std::optional<std::uint64_t> mark = std::nullopt) {
  std::array<char, kEtagSize> text{};
  return std::string(FormatEtag(version, form, mark, text));
}

constexpr FileVersion kFile{
    .modified_s = 0x65f1a2b3, .modified_ns = 0x1dcd6500, .changed_s = 0x65f1a2b4, .changed_ns = 0x7, .size = 0x1c};

TEST(EtagTest, HasWhatItsFormSays) {
  EXPECT_EQ(Format(kFile, EtagForm::kOn), "\"65f1a2b3.1dcd6500-1c\"");
  EXPECT_EQ(Format(kFile, EtagForm::kStrict), "\"65f1a2b3.1dcd6500-1c-65f1a2b4.7\"");
  EXPECT_EQ(Format(kFile, EtagForm::kNginx), "\"65f1a2b3-1c\"");
  EXPECT_EQ(Format(kFile, EtagForm::kOn, 0xabc), "\"65f1a2b3.1dcd6500-1c~abc\"");
}

TEST(EtagTest, IsNginxsWithoutNanoseconds) {
  FileVersion file = kFile;
  file.modified_ns = 0;
  EXPECT_EQ(Format(file, EtagForm::kOn), Format(file, EtagForm::kNginx));
}

// Reproducible builds and stores of packages have such times.
TEST(EtagTest, HasTheChangeTimeWhereTheModificationTimeSaysNothing) {
  FileVersion file = kFile;
  file.modified_ns = 0;
  for (const std::int64_t seconds : {0, 1}) {
    file.modified_s = seconds;
    EXPECT_EQ(Format(file, EtagForm::kOn), "\"" + std::to_string(seconds) + "-1c-65f1a2b4.7\"");
    EXPECT_EQ(Format(file, EtagForm::kNginx), "\"" + std::to_string(seconds) + "-1c\"");
  }
  file.modified_s = 2;
  EXPECT_EQ(Format(file, EtagForm::kOn), "\"2-1c\"");
}

TEST(EtagTest, FitsItsBufferForAnyFile) {
  const FileVersion most{.modified_s = -1,
                         .modified_ns = 0xffffffff,
                         .changed_s = -1,
                         .changed_ns = 0xffffffff,
                         .size = std::numeric_limits<std::uint64_t>::max()};
  EXPECT_EQ(Format(most, EtagForm::kStrict, std::numeric_limits<std::uint64_t>::max()).size(), kEtagSize);
}

// The table of RFC 9110 section 8.8.3.2.
TEST(EtagTest, ComparesAsTheStandardsTable) {
  EXPECT_FALSE(StrongMatch("W/\"1\"", "W/\"1\""));
  EXPECT_TRUE(WeakMatch("W/\"1\"", "W/\"1\""));
  EXPECT_FALSE(WeakMatch("W/\"1\"", "W/\"2\""));
  EXPECT_FALSE(StrongMatch("W/\"1\"", "\"1\""));
  EXPECT_TRUE(WeakMatch("W/\"1\"", "\"1\""));
  EXPECT_TRUE(StrongMatch("\"1\"", "\"1\""));
}

TEST(EtagListTest, FindsATagAmongOthers) {
  const auto strong = [](std::string_view list) { return EtagListContains(list, "\"b\"", EtagComparison::kStrong); };

  EXPECT_TRUE(strong("\"b\""));
  EXPECT_TRUE(strong("\"a\", \"b\""));
  EXPECT_TRUE(strong("\"a,\",W/\"c\" ,\t\"b\""));
  EXPECT_TRUE(strong("*"));
  EXPECT_FALSE(strong("W/\"b\""));
  EXPECT_TRUE(EtagListContains("W/\"b\"", "\"b\"", EtagComparison::kWeak));
}

TEST(EtagListTest, EndsWhereItIsMalformed) {
  for (const char* list : {"", "b", "\"b", "\"a\" x \"b\"", "w/\"b\"", "W/", ", ,"}) {
    EXPECT_FALSE(EtagListContains(list, "\"b\"", EtagComparison::kWeak)) << list;
  }
}

TEST(EtagListTest, NothingMatchesARepresentationWithoutATag) {
  EXPECT_FALSE(EtagListContains("\"\"", "", EtagComparison::kWeak));
}

}  // namespace
}  // namespace colmeia::http
