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

TEST(MappingTest, OfAPartBeginsWhereItIsToldTo) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const Result<UniqueFd> fd = SharedMemfd("test", 2 * page);
  ASSERT_TRUE(fd);
  ASSERT_EQ(pwrite(fd->get(), "second", 6, static_cast<off_t>(page)), 6);

  const Result<Mapping> part = Mapping::MapPart(fd->get(), page, page, /*writable=*/false);

  ASSERT_TRUE(part);
  EXPECT_EQ(std::string(static_cast<const char*>(part->data()), 6), "second");
  EXPECT_FALSE(Mapping::MapPart(fd->get(), page, page + 1, /*writable=*/false));
}

TEST(OpenForReadingTest, GivesADescriptorWhoseMappingsNobodyMakesWritable) {
  const Result<UniqueFd> fd = SharedMemfd("test", 4096);
  const Result<UniqueFd> reading = OpenForReading(fd->get());
  ASSERT_TRUE(reading);
  const Result<Mapping> written = Mapping::MapShared(fd->get(), 4096, /*writable=*/true);
  const Result<Mapping> read = Mapping::MapShared(reading->get(), 4096, /*writable=*/false);
  ASSERT_TRUE(read);

  static_cast<char*>(written->data())[0] = 'x';
  EXPECT_EQ(static_cast<const char*>(read->data())[0], 'x') << "it is the same memory";
  EXPECT_NE(mprotect(read->data(), 4096, PROT_READ | PROT_WRITE), 0);
  EXPECT_FALSE(Mapping::MapShared(reading->get(), 4096, /*writable=*/true));
  EXPECT_FALSE(OpenForReading(-1));
}

}  // namespace
}  // namespace colmeia::sys
