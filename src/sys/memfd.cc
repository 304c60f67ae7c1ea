#include "sys/memfd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/core.h>

#include "sys/descriptors.h"
#include "sys/error.h"
#include "sys/files.h"

namespace colmeia::sys {

namespace {

Result<UniqueFd> NewMemfd(const char* name) {
  UniqueFd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return FailErrno(fmt::format("cannot create the memory file {}", name));
  return fd;
}

Result<> Seal(int fd, int seals) {
  if (fcntl(fd, F_ADD_SEALS, seals) != 0) return FailErrno("cannot seal a memory file");
  return {};
}

}  // namespace

Result<UniqueFd> SealedMemfd(const char* name, std::string_view bytes) {
  Result<UniqueFd> fd = NewMemfd(name);
  if (!fd) return fd;
  if (Result<> written = WriteAll(fd->get(), bytes, name); !written) return tl::unexpected(written.error());
  if (Result<> sealed = Seal(fd->get(), F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL); !sealed) {
    return tl::unexpected(sealed.error());
  }
  return fd;
}

Result<UniqueFd> SharedMemfd(const char* name, std::size_t size) {
  Result<UniqueFd> fd = NewMemfd(name);
  if (!fd) return fd;
  if (ftruncate(fd->get(), static_cast<off_t>(size)) != 0) {
    return FailErrno(fmt::format("cannot give the memory file {} {} bytes", name, size));
  }
  if (Result<> sealed = Seal(fd->get(), F_SEAL_GROW | F_SEAL_SHRINK); !sealed) return tl::unexpected(sealed.error());
  return fd;
}

Result<> SealFutureWrites(int fd) { return Seal(fd, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL); }

Result<UniqueFd> OpenForReading(int fd) {
  Result<UniqueFd> reading = OpenAnew(fd, O_RDONLY);
  if (!reading) return FailErrno("cannot open a memory file for reading only", reading.error().code);
  return reading;
}

Result<std::string> ReadMemfd(int fd) {
  Result<std::size_t> size = SizeOf(fd);
  if (!size) return tl::unexpected(size.error());
  std::string bytes(*size, '\0');
  std::size_t used = 0;
  while (used < bytes.size()) {
    const ssize_t got = pread(fd, bytes.data() + used, bytes.size() - used, static_cast<off_t>(used));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FailErrno("cannot read a memory file");
    if (got == 0) return Fail("a memory file became shorter while it was read");
    used += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<> EmptyPart(int fd, std::size_t offset, std::size_t size) {
  const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  if (fallocate(fd, mode, static_cast<off_t>(offset), static_cast<off_t>(size)) != 0) {
    return FailErrno("cannot empty a part of a memory file");
  }
  return {};
}

Result<std::size_t> NextData(int fd, std::size_t offset) {
  const off_t at = lseek(fd, static_cast<off_t>(offset), SEEK_DATA);
  if (at >= 0) return static_cast<std::size_t>(at);
  if (errno == ENXIO) return SizeOf(fd);
  return FailErrno("cannot look for data in a memory file");
}

Result<std::size_t> SizeOf(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return FailErrno(fmt::format("cannot ask for the size of descriptor {}", fd));
  if (!S_ISREG(info.st_mode)) return Fail(fmt::format("descriptor {} is not a file", fd));
  return static_cast<std::size_t>(info.st_size);
}

Result<Mapping> Mapping::MapPart(int fd, std::size_t offset, std::size_t size, bool writable) {
  Result<std::size_t> actual = SizeOf(fd);
  if (!actual) return tl::unexpected(actual.error());
  if (*actual < offset + size) {
    return Fail(fmt::format("a memory file has {} bytes instead of {}", *actual, offset + size));
  }
  void* const data =
      mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (data == MAP_FAILED) return FailErrno(fmt::format("cannot map {} bytes of a memory file", size));
  Mapping mapping;
  mapping.data_ = data;
  mapping.size_ = size;
  return mapping;
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  // `other` unmaps what was held here.
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) munmap(data_, size_);
}

}  // namespace colmeia::sys
