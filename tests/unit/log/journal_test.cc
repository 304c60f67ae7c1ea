#include "log/journal.h"

#include <sys/stat.h>

#include <string>

#include <fmt/core.h>

#include "gmock/gmock.h"
#include "log/fixture.h"

namespace colmeia::log {
namespace {

std::string StreamOf(const sys::UniqueFd& fd) {
  struct stat info {};
  EXPECT_EQ(fstat(fd.get(), &info), 0);
  return fmt::format("{}:{}", info.st_dev, info.st_ino);
}

TEST(JournalTest, KnowsAStreamByItsDeviceAndInode) {
  const Pipe one;
  const Pipe other;

  EXPECT_TRUE(IsStream(one.in.get(), StreamOf(one.in)));
  EXPECT_FALSE(IsStream(one.in.get(), StreamOf(other.in)));
}

TEST(JournalTest, WhatNamesNoStreamMatchesNothing) {
  const Pipe pipe;

  for (const char* text : {"", ":", "12", "12:", ":12", "a:b", "1:2:3"}) EXPECT_FALSE(IsStream(pipe.in.get(), text));
  EXPECT_FALSE(IsStream(-1, StreamOf(pipe.in)));
}

TEST(JournalTest, LevelsAreThoseOfSyslogButNoneInterruptsEveryTerminal) {
  std::string digits;
  for (int level = 1; level <= 8; ++level) digits += JournalDigit(static_cast<Level>(level));

  EXPECT_EQ(digits, "11234567");
}

TEST(JournalTest, EachLineTellsTheLevel) {
  EXPECT_EQ(ForJournal(Level::kError, "one\ntwo\n"), "<3>one\n<3>two\n");
  EXPECT_EQ(ForJournal(Level::kNotice, "no end"), "<5>no end");
  EXPECT_EQ(ForJournal(Level::kNotice, ""), "");
}

}  // namespace
}  // namespace colmeia::log
