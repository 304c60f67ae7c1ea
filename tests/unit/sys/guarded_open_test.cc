#include "sys/guarded_open.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/files.h"
#include "sys/temp_dir.h"

namespace colmeia::sys {
namespace {

using testing::HasSubstr;

constexpr int kAppend = O_WRONLY | O_APPEND | O_CREAT;
constexpr uid_t kOther = 65534;

class GuardedOpenTest : public testing::Test {
 protected:
  // A link that somebody else made; only root can make one in his name.
  void LinkOfAnother(const std::string& target, const std::string& name) {
    ASSERT_EQ(symlink(target.c_str(), name.c_str()), 0);
    ASSERT_EQ(lchown(name.c_str(), kOther, kOther), 0);
  }

  TempDir dir;
};

TEST_F(GuardedOpenTest, MakesAndOpensAnOrdinaryFile) {
  ASSERT_TRUE(OpenGuarded(dir / "a.log", kAppend));
  ASSERT_TRUE(OpenGuarded(dir / "./a.log", kAppend));
  EXPECT_EQ(fcntl(OpenGuarded(dir / "a.log", O_RDONLY)->get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(GuardedOpenTest, NamesThePathAndTheReason) {
  const auto missing = OpenGuarded(dir / "none/a.log", kAppend);

  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), (Error{"cannot open " + (dir / "none/a.log") + ": No such file or directory", ENOENT}));
  EXPECT_EQ(OpenGuarded(dir / ".", kAppend).error().code, EISDIR);
  EXPECT_EQ(OpenGuarded("", kAppend).error().code, ENOENT);
}

TEST_F(GuardedOpenTest, FollowsOurOwnLinksAnywhere) {
  mkdir((dir / "real").c_str(), 0755);
  symlink("real", (dir / "folder").c_str());
  symlink("../folder/b.log", (dir / "real/a.log").c_str());

  ASSERT_TRUE(OpenGuarded(dir / "folder/a.log", kAppend));

  EXPECT_EQ(access((dir / "real/b.log").c_str(), F_OK), 0);
}

TEST_F(GuardedOpenTest, FollowsALinkToADeviceAndToADescriptor) {
  symlink("/dev/null", (dir / "null").c_str());
  symlink("/dev/stderr", (dir / "stderr").c_str());
  symlink("/proc/self/fd/1", (dir / "stdout").c_str());

  EXPECT_TRUE(OpenGuarded(dir / "null", kAppend));
  for (const char* name : {"stderr", "stdout"}) {
    const auto plain = OpenFile(dir / name, kAppend);  // a socket cannot be opened in any way
    EXPECT_EQ(OpenGuarded(dir / name, kAppend).has_value(), plain.has_value()) << name;
  }
}

TEST_F(GuardedOpenTest, ALoopEnds) {
  symlink("b", (dir / "a").c_str());
  symlink("a", (dir / "b").c_str());

  EXPECT_EQ(OpenGuarded(dir / "a", kAppend).error().code, ELOOP);
}

TEST_F(GuardedOpenTest, ANewFileIsNeverMadeThroughALink) {
  symlink("b", (dir / "a").c_str());

  EXPECT_EQ(OpenGuarded(dir / "a", kAppend | O_EXCL).error().code, EEXIST);
  EXPECT_EQ(access((dir / "b").c_str(), F_OK), -1);
}

TEST_F(GuardedOpenTest, WithoutLinksNotEvenOurOwnIsFollowed) {
  std::ofstream(dir / "b") << "precious";
  symlink("b", (dir / "a").c_str());

  const auto opened = OpenGuarded(dir / "a", kAppend | O_NOFOLLOW);

  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("it is a symbolic link"));
}

TEST_F(GuardedOpenTest, AnothersLinkIsNotFollowed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make links in another's name";
  mkdir((dir / "real").c_str(), 0755);
  LinkOfAnother(dir / "real/victim", dir / "a.log");
  LinkOfAnother("real", dir / "folder");

  for (const std::string& path : {dir / "a.log", dir / "folder/a.log"}) {
    const auto opened = OpenGuarded(path, kAppend);
    ASSERT_FALSE(opened) << path;
    EXPECT_EQ(opened.error().code, ELOOP);
    EXPECT_THAT(opened.error().message, HasSubstr("is a symbolic link of user 65534"));
  }
  EXPECT_EQ(access((dir / "real/victim").c_str(), F_OK), -1);
}

TEST_F(GuardedOpenTest, ASecondNameIsRefusedWhereOthersMayWrite) {
  std::ofstream(dir / "victim") << "precious";
  mkdir((dir / "logs").c_str(), 0755);
  ASSERT_EQ(link((dir / "victim").c_str(), (dir / "logs/a.log").c_str()), 0);
  EXPECT_TRUE(OpenGuarded(dir / "logs/a.log", kAppend));

  for (const mode_t mode : {mode_t{0777}, mode_t{0775}, mode_t{01777}}) {
    ASSERT_EQ(chmod((dir / "logs").c_str(), mode), 0);
    const auto opened = OpenGuarded(dir / "logs/a.log", kAppend);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, EMLINK);
    EXPECT_TRUE(OpenGuarded(dir / "logs/a.log", O_RDONLY));
  }
}

TEST_F(GuardedOpenTest, SaysWhatStandsSomewhere) {
  std::ofstream(dir / "file") << "x";
  symlink("file", (dir / "link").c_str());
  mkfifo((dir / "fifo").c_str(), 0600);

  EXPECT_EQ(KindAt(dir / "file"), "a regular file");
  EXPECT_EQ(KindAt(dir / "link"), "a symbolic link");
  EXPECT_EQ(KindAt(dir / "fifo"), "a FIFO");
  EXPECT_EQ(KindAt(dir / "."), "a folder");
  EXPECT_EQ(KindAt("/dev/null"), "a device");
  EXPECT_EQ(KindAt(dir / "none"), "");
}

}  // namespace
}  // namespace colmeia::sys
