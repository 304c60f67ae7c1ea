#include "files/temp_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files/temp_folder.h"

namespace colmeia::files {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string ContentOf(const TempFile& file) {
  std::string bytes(file.length() + 1, '\0');
  const ssize_t got = ::pread(file.fd(), bytes.data(), bytes.size(), 0);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return bytes;
}

class TempFileTest : public testing::Test {
 protected:
  [[nodiscard]] std::size_t Names() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path)) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }

  TempFolder home;
  TempPath folder{.path = home.path()};
};

TEST_F(TempFileTest, NamesAreNginxs) {
  EXPECT_EQ(TempName({.path = "/spool"}, 1), "/spool/0000000001");
  EXPECT_EQ(TempName({.path = "/spool", .levels = {1, 2}}, 123), "/spool/3/12/0000000123");
  EXPECT_EQ(TempName({.path = "/spool", .levels = {2, 2, 1}}, 4294967295), "/spool/95/72/6/4294967295");
}

TEST_F(TempFileTest, AnUnnamedOneIsInNoFolder) {
  auto file = TempFile::Open(folder, TempLife::kUnnamed);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->Append("one, "));
  ASSERT_TRUE(file->Append("two"));

  EXPECT_EQ(ContentOf(*file), "one, two");
  EXPECT_EQ(file->length(), 8u);
  EXPECT_THAT(file->name(), IsEmpty());
  EXPECT_EQ(Names(), 0u);
}

TEST_F(TempFileTest, ANamedOneIsThereUntilItIsClosed) {
  {
    auto file = TempFile::Open(folder, TempLife::kNamed);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_THAT(file->name(), StartsWith(folder.path + "/00"));
    struct stat info {};
    ASSERT_EQ(::stat(file->name().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    const TempFile moved = *std::move(file);
    EXPECT_EQ(Names(), 1u);
  }
  EXPECT_EQ(Names(), 0u);
}

TEST_F(TempFileTest, AKeptOneStays) {
  std::string name;
  {
    auto file = TempFile::Open(folder, TempLife::kNamed);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->Append("kept"));
    file->Keep();
    name = file->name();
  }
  std::string text;
  std::ifstream(name) >> text;
  EXPECT_EQ(text, "kept");
}

TEST_F(TempFileTest, LevelsAreMadeAndTakenNamesAreLeftAlone) {
  folder.levels = {1, 2};
  auto first = TempFile::Open(folder, TempLife::kNamed);
  ASSERT_TRUE(first);
  const auto number = static_cast<std::uint32_t>(std::stoul(first->name().substr(first->name().rfind('/') + 1)));
  const std::string taken = TempName(folder, number + 1);
  std::filesystem::create_directories(taken.substr(0, taken.rfind('/')));
  std::ofstream(taken) << "mine";

  auto second = TempFile::Open(folder, TempLife::kNamed);
  ASSERT_TRUE(second) << second.error().message;

  EXPECT_EQ(first->name(), TempName(folder, number));
  EXPECT_EQ(second->name(), TempName(folder, number + 1 + 123456));
}

TEST_F(TempFileTest, ErrorsNameCallAndPath) {
  folder.path += "/gone";
  auto unnamed = TempFile::Open(folder, TempLife::kUnnamed);
  ASSERT_FALSE(unnamed);
  EXPECT_EQ(unnamed.error().message, "open() \"" + folder.path + "\" failed (2: No such file or directory)");
  EXPECT_EQ(unnamed.error().code, ENOENT);

  auto named = TempFile::Open(folder, TempLife::kNamed);
  ASSERT_FALSE(named);
  EXPECT_THAT(named.error().message, StartsWith("open() \"" + folder.path + "/"));

  folder.levels = {1};
  auto levelled = TempFile::Open(folder, TempLife::kNamed);
  ASSERT_FALSE(levelled);
  EXPECT_THAT(levelled.error().message, StartsWith("mkdir() \"" + folder.path + "/"));
}

}  // namespace
}  // namespace colmeia::files
