#include "sys/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include <fmt/core.h>

#include "sys/error.h"
#include "sys/unique_fd.h"

namespace colmeia::sys {
namespace {

// The kernel's own structure of version 6: the header of an older system ends after the first member.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t ports = 0;
  std::uint64_t scoped = 0;
};

// Rights that headers of older systems do not name yet.
constexpr std::uint64_t kTruncate = 1u << 14;       // version 3
constexpr std::uint64_t kDeviceIoctl = 1u << 15;    // version 5
constexpr std::uint64_t kBindTcp = 1u << 0;         // version 4
constexpr std::uint64_t kConnectTcp = 1u << 1;      // version 4
constexpr std::uint64_t kAbstractSocket = 1u << 0;  // version 6
constexpr std::uint64_t kSignal = 1u << 1;          // version 6

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kCoreDump = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | kTruncate;
constexpr std::uint64_t kTemporary = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                     LANDLOCK_ACCESS_FS_REMOVE_FILE;
constexpr std::uint64_t kChange =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

// What a version can forbid beyond the one before it, and how much of Ruleset it knows.
struct Version {
  int number;
  Ruleset adds;
  std::size_t size;
};
constexpr std::array<Version, 6> kVersions = {{
    {1, {.files = kChange}, 8},
    {2, {.files = LANDLOCK_ACCESS_FS_REFER}, 8},
    {3, {.files = kTruncate}, 8},
    {4, {.ports = kBindTcp | kConnectTcp}, 16},
    {5, {.files = kDeviceIoctl}, 16},
    {6, {.scoped = kAbstractSocket | kSignal}, 24},
}};

Result<> Allow(int ruleset, const std::string& path, std::uint64_t access) {
  const UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd) return {};
  struct stat info {};
  if (fstat(fd.get(), &info) == 0 && !S_ISDIR(info.st_mode)) access &= ~std::uint64_t{LANDLOCK_ACCESS_FS_READ_DIR};
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = fd.get();
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0) return {};
  return FailErrno(fmt::format("landlock_add_rule(\"{}\")", path));
}

}  // namespace

int LandlockVersion() {
  const auto version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return static_cast<int>(std::max<decltype(version)>(version, 0));
}

Result<> RestrictFiles(const FileRights& rights) {
  Ruleset rules;
  std::size_t size = sizeof(std::uint64_t);
  const int version = LandlockVersion();
  if (version == 0) return {};
  for (const Version& known : kVersions) {
    if (known.number > version) break;
    rules.files |= known.adds.files;
    rules.ports |= known.adds.ports;
    rules.scoped |= known.adds.scoped;
    size = known.size;
  }
  if (!rights.read_anywhere) rules.files |= kRead;

  const UniqueFd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &rules, size, 0)));
  if (!ruleset) return FailErrno("landlock_create_ruleset()");
  for (const std::string& path : rights.readable) {
    if (rights.read_anywhere) break;
    if (auto allowed = Allow(ruleset.get(), path, kRead); !allowed) return allowed;
  }
  for (const std::string& path : rights.core_dump) {
    if (auto allowed = Allow(ruleset.get(), path, kCoreDump & rules.files); !allowed) return allowed;
  }
  for (const std::string& path : rights.temporary) {
    if (auto allowed = Allow(ruleset.get(), path, kTemporary & rules.files); !allowed) return allowed;
  }
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return FailErrno("landlock_restrict_self()");
  return {};
}

}  // namespace colmeia::sys
