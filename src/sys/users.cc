#include "sys/users.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include <fmt/core.h>

#include "sys/error.h"

namespace colmeia::sys {

namespace {

// Calls one of the get...nam_r family with a buffer that grows until the entry fits. `call` returns its error number,
// 0 also when there is no such entry.
template <class Call>
int WithBuffer(std::vector<char>& buffer, Call call) {
  constexpr std::size_t kMaxBuffer = 1 << 24;
  buffer.resize(4096);
  int code = 0;
  do {
    code = call(buffer.data(), buffer.size());
    if (code == ERANGE) buffer.resize(buffer.size() * 2);
  } while (code == EINTR || (code == ERANGE && buffer.size() <= kMaxBuffer));
  return code;
}

// Some name services report a missing entry by one of these instead of 0 (getpwnam(3)).
bool MeansMissing(int code) { return code == 0 || code == ENOENT || code == ESRCH || code == EBADF || code == EPERM; }

std::vector<gid_t> GroupList(const std::string& user, gid_t gid) {
  int count = 32;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (getgrouplist(user.c_str(), gid, groups.data(), &count) < 0) {
    // It has told how many there are; should it not, twice as many are tried.
    const auto wanted = static_cast<std::size_t>(count);
    groups.resize(wanted > groups.size() ? wanted : groups.size() * 2);
    count = static_cast<int>(groups.size());
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

Result<User> LookUpUser(const std::string& user, const std::string& group) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer;
  const int code = WithBuffer(
      buffer, [&](char* bytes, std::size_t size) { return getpwnam_r(user.c_str(), &entry, bytes, size, &found); });
  if (found == nullptr && MeansMissing(code)) return Fail(fmt::format("there is no user \"{}\"", user), ENOENT);
  if (found == nullptr) return FailErrno(fmt::format("cannot look up the user \"{}\"", user), code);

  User result{.name = user, .uid = entry.pw_uid, .gid = entry.pw_gid, .groups = {}};
  if (!group.empty()) {
    Result<gid_t> gid = LookUpGroup(group);
    if (!gid) return tl::unexpected(gid.error());
    result.gid = *gid;
  }
  result.groups = GroupList(user, result.gid);
  return result;
}

Result<gid_t> LookUpGroup(const std::string& name) {
  struct group entry {};
  struct group* found = nullptr;
  std::vector<char> buffer;
  const int code = WithBuffer(
      buffer, [&](char* bytes, std::size_t size) { return getgrnam_r(name.c_str(), &entry, bytes, size, &found); });
  if (found == nullptr && MeansMissing(code)) return Fail(fmt::format("there is no group \"{}\"", name), ENOENT);
  if (found == nullptr) return FailErrno(fmt::format("cannot look up the group \"{}\"", name), code);
  return entry.gr_gid;
}

}  // namespace colmeia::sys
