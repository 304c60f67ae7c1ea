#include "resources/temp_folders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "log/error_log.h"
#include "sys/error.h"
#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::resources {
namespace {

constexpr mode_t kMode = 0700;

// By the numbers, since the master is another user.
bool MayUse(const ipc::Identity& identity, const struct stat& folder) {
  if (identity.uid == 0) return true;
  const bool in_group = folder.st_gid == identity.gid || std::find(identity.groups.begin(), identity.groups.end(),
                                                                   folder.st_gid) != identity.groups.end();
  const mode_t wanted = S_IWOTH | S_IXOTH;
  const unsigned shift = folder.st_uid == identity.uid ? 6 : in_group ? 3 : 0;
  return (folder.st_mode >> shift & wanted) == wanted;
}

Result<> MakeTempFolder(const std::string& path, const ipc::Identity& identity) {
  const bool made = mkdir(path.c_str(), kMode) == 0;
  if (!made && errno != EEXIST) return sys::FailErrno("cannot make the folder " + path);
  if (!identity.change_user) {
    if (access(path.c_str(), W_OK | X_OK) != 0) return sys::FailErrno("cannot write in the folder " + path);
    return {};
  }
  // Another user who may write in the folder above could have put something else in this place meanwhile.
  const sys::UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | (made ? O_NOFOLLOW : 0)));
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) return sys::FailErrno("cannot open the folder " + path);
  if (made && fchown(fd.get(), identity.uid, identity.gid) != 0) {
    return sys::FailErrno("cannot give the folder " + path + " to the user " + identity.user);
  }
  if (!made && !MayUse(identity, info)) {
    return Fail("the user " + identity.user + " of workers cannot write in the folder " + path, EACCES);
  }
  return {};
}

}  // namespace

void MakeTempFolders(const ipc::Identity& identity) {
  for (const std::string& path : identity.writable) {
    auto made = MakeTempFolder(path, identity);
    if (made) continue;
    log::Main().Print(log::Level::kWarn, "{}: requests whose bodies are to be kept there will be answered with 500",
                      made.error().message);
  }
}

}  // namespace colmeia::resources
