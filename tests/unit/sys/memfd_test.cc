#include "sys/memfd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace colmeia::sys {
namespace {

TEST(SealedMemfdTest, HoldsBytesThatNobodyCanChange) {
  const Result<UniqueFd> fd = SealedMemfd("test", "some text");
  ASSERT_TRUE(fd);

  EXPECT_EQ(ReadMemfd(fd->get()).value(), "some text");
  EXPECT_EQ(pwrite(fd->get(), "x", 1, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(ftruncate(fd->get(), 0), -1);
  EXPECT_EQ(ftruncate(fd->get(), 100), -1);
  EXPECT_EQ(mmap(nullptr, 9, PROT_WRITE, MAP_SHARED, fd->get(), 0), MAP_FAILED);
}

TEST(SealedMemfdTest, MayBeEmpty) {
  const Result<UniqueFd> fd = SealedMemfd("test", "");
  ASSERT_TRUE(fd);

  EXPECT_EQ(ReadMemfd(fd->get()).value(), "");
}

TEST(SealedMemfdTest, IsReadRegardlessOfItsPosition) {
  const Result<UniqueFd> fd = SealedMemfd("test", "abc");
  ASSERT_TRUE(fd);
  lseek(fd->get(), 2, SEEK_SET);

  EXPECT_EQ(ReadMemfd(fd->get()).value(), "abc");
  EXPECT_EQ(ReadMemfd(fd->get()).value(), "abc");
}

TEST(MappingTest, SharesWritesWithOtherMappings) {
  const Result<UniqueFd> fd = SharedMemfd("test", 4096);
  ASSERT_TRUE(fd);
  Result<Mapping> writer = Mapping::MapShared(fd->get(), 4096, true);
  const Result<Mapping> reader = Mapping::MapShared(fd->get(), 4096, false);
  ASSERT_TRUE(writer);
  ASSERT_TRUE(reader);

  static_cast<char*>(writer->data())[7] = 'x';

  EXPECT_EQ(static_cast<char*>(reader->data())[7], 'x');
}

TEST(MappingTest, OutlivesItsDescriptorAndMoves) {
  Result<UniqueFd> fd = SharedMemfd("test", 64);
  ASSERT_TRUE(fd);
  Result<Mapping> mapping = Mapping::MapShared(fd->get(), 64, true);
  ASSERT_TRUE(mapping);
  fd->reset();

  Mapping other;
  other = std::move(*mapping);

  EXPECT_TRUE(other);
  static_cast<char*>(other.data())[0] = 'x';
  EXPECT_EQ(other.size(), 64U);
}

TEST(MappingTest, RefusesMoreThanTheFileHolds) {
  const Result<UniqueFd> fd = SharedMemfd("test", 64);
  ASSERT_TRUE(fd);

  EXPECT_FALSE(Mapping::MapShared(fd->get(), 65, false));
}

TEST(SharedMemfdTest, KeepsItsSize) {
  const Result<UniqueFd> fd = SharedMemfd("test", 64);
  ASSERT_TRUE(fd);

  EXPECT_EQ(SizeOf(fd->get()).value(), 64U);
  EXPECT_EQ(ftruncate(fd->get(), 0), -1);
  EXPECT_EQ(ftruncate(fd->get(), 128), -1);
}

TEST(SharedMemfdTest, SealedForTheFutureItIsWrittenThroughOldMappingsOnly) {
  const Result<UniqueFd> fd = SharedMemfd("test", 64);
  ASSERT_TRUE(fd);
  Result<Mapping> old = Mapping::MapShared(fd->get(), 64, true);
  ASSERT_TRUE(old);

  ASSERT_TRUE(SealFutureWrites(fd->get()));

  static_cast<char*>(old->data())[0] = 'x';
  EXPECT_FALSE(Mapping::MapShared(fd->get(), 64, true));
  EXPECT_EQ(pwrite(fd->get(), "x", 1, 0), -1);
  const Result<Mapping> reader = Mapping::MapShared(fd->get(), 64, false);
  ASSERT_TRUE(reader);
  EXPECT_EQ(static_cast<char*>(reader->data())[0], 'x');
}

}  // namespace
}  // namespace colmeia::sys
