#include "sys/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "gtest/gtest.h"
#include "sys/temp_dir.h"

namespace colmeia::sys {
namespace {

class FilesTest : public ::testing::Test {
 protected:
  TempDir dir;
};

TEST_F(FilesTest, ReadsWholeFiles) {
  const std::string text(300'000, 'x');
  std::ofstream(dir / "file") << text;

  EXPECT_EQ(ReadFile(dir / "file").value(), text);
}

TEST_F(FilesTest, ReadsFilesThatHideTheirSize) {
  EXPECT_NE(ReadFile("/proc/self/status").value().find("Pid:"), std::string::npos);
}

TEST_F(FilesTest, ErrorsNameThePath) {
  const Result<std::string> missing = ReadFile("/nonexistent/file");
  const Result<std::string> folder = ReadFile(dir.path());

  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), (Error{"cannot open /nonexistent/file: No such file or directory", ENOENT}));
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error(), (Error{"cannot read " + dir.path() + ": Is a directory", EISDIR}));
}

TEST_F(FilesTest, OpenFileClosesOnExec) {
  const Result<UniqueFd> fd = OpenFile(dir / "new", O_WRONLY | O_CREAT, 0600);

  ASSERT_TRUE(fd);
  EXPECT_TRUE(fcntl(fd->get(), F_GETFD) & FD_CLOEXEC);
  EXPECT_TRUE(WriteAll(fd->get(), "text"));
  EXPECT_EQ(ReadFile(dir / "new").value(), "text");
}

}  // namespace
}  // namespace colmeia::sys
