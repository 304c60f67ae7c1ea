#include "control/socket_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/temp_dir.h"

namespace colmeia::control {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class SocketFileTest : public testing::Test {
 protected:
  static bool Exists(const std::string& name) { return access(name.c_str(), F_OK) == 0; }
  static bool Answers(const std::string& name) { return ConnectTo(name, 1000ms).has_value(); }

  sys::TempDir folder;
  std::string path = folder / "x.control";
};

TEST_F(SocketFileTest, IsForItsOwnerOnlyWhateverTheUmask) {
  const mode_t before = umask(0);
  auto file = SocketFile::Listen(path);
  umask(before);

  ASSERT_TRUE(file) << file.error().message;
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(SocketFileTest, ReachesPathsThatAreTooLongForAnAddress) {
  const std::string deep = folder / (std::string(100, 'a') + "/" + std::string(100, 'b'));
  std::filesystem::create_directories(deep);

  auto file = SocketFile::Listen(deep + "/x.control");

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(Answers(deep + "/x.control"));
  file->Remove();
  EXPECT_FALSE(Exists(deep + "/x.control"));
}

TEST_F(SocketFileTest, RefusesANameThatNothingCanReach) {
  auto file = SocketFile::Listen(folder / std::string(120, 'n'));

  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ENAMETOOLONG);
}

TEST_F(SocketFileTest, ReplacesAFileThatNobodyListensOn) {
  { auto crashed = SocketFile::Listen(path); }  // closed, not removed
  ASSERT_TRUE(Exists(path));

  auto file = SocketFile::Listen(path);

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(Answers(path));
}

TEST_F(SocketFileTest, LeavesALivingServerAlone) {
  auto first = SocketFile::Listen(path);

  auto second = SocketFile::Listen(path);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EADDRINUSE);
  EXPECT_THAT(second.error().message, HasSubstr(path));
  EXPECT_TRUE(Answers(path));
}

TEST_F(SocketFileTest, LeavesAFileOfAnotherKindAlone) {
  std::ofstream(path) << "precious";

  auto file = SocketFile::Listen(path);

  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr(path + ": a regular file stands at that path"));
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST_F(SocketFileTest, NamesAFolderThatIsMissing) {
  auto file = SocketFile::Listen(folder / "none/x.control");

  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ENOENT);
  EXPECT_THAT(file.error().message, HasSubstr("none/x.control"));
}

TEST_F(SocketFileTest, IsMovedAsideForASuccessor) {
  auto old = SocketFile::Listen(path);

  ASSERT_TRUE(old->Rename(path + ".oldbin"));
  auto successor = SocketFile::Listen(path);

  ASSERT_TRUE(successor) << successor.error().message;
  EXPECT_TRUE(Answers(path));
  EXPECT_TRUE(Answers(path + ".oldbin"));
  old->Remove();
  EXPECT_FALSE(Exists(path + ".oldbin"));
  EXPECT_TRUE(Exists(path));
}

TEST_F(SocketFileTest, RemovesOnlyWhatIsItsOwn) {
  auto old = SocketFile::Listen(path);
  unlink(path.c_str());
  auto successor = SocketFile::Listen(path);
  ASSERT_TRUE(successor) << successor.error().message;

  EXPECT_FALSE(old->Rename(path + ".oldbin"));
  old->Remove();

  EXPECT_TRUE(Answers(path));
}

}  // namespace
}  // namespace colmeia::control
