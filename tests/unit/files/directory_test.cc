#include "files/directory.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files/temp_folder.h"

namespace colmeia::files {
namespace {

using testing::AllOf;
using testing::Field;
using testing::UnorderedElementsAre;

TEST(DirectoryTest, ListsWhatIsVisible) {
  TempFolder folder;
  folder.Write("a.txt", "12345");
  folder.Write(".hidden", "x");
  std::filesystem::create_directory(folder / "sub");
  std::filesystem::create_symlink("nowhere", folder / "broken");
  std::filesystem::create_symlink("sub", folder / "linked");

  const Listing listing = ListDirectory(folder.path());

  EXPECT_EQ(listing.error, 0);
  using E = DirectoryEntry;
  EXPECT_THAT(
      listing.entries,
      UnorderedElementsAre(AllOf(Field(&E::name, "a.txt"), Field(&E::kind, Kind::kRegular), Field(&E::size, 5u)),
                           AllOf(Field(&E::name, "sub"), Field(&E::kind, Kind::kDirectory)),
                           AllOf(Field(&E::name, "broken"), Field(&E::kind, Kind::kOther)),
                           AllOf(Field(&E::name, "linked"), Field(&E::kind, Kind::kDirectory))));
}

TEST(DirectoryTest, TellsWhyThereIsNothing) {
  TempFolder folder;
  EXPECT_EQ(ListDirectory(folder / "none").error, ENOENT);
  EXPECT_EQ(ListDirectory(folder.Write("file", "x")).error, ENOTDIR);
}

}  // namespace
}  // namespace colmeia::files
