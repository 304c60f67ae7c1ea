#include "master/program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>

namespace colmeia::master {

std::string ProgramPath() {
  static constexpr const char* kSelf = "/proc/self/exe";
  char path[PATH_MAX];
  const ssize_t size = readlink(kSelf, path, sizeof path);
  if (size <= 0 || size == static_cast<ssize_t>(sizeof path)) return kSelf;
  const std::string resolved(path, static_cast<std::size_t>(size));
  struct stat on_disk {};
  struct stat running {};
  const bool same = stat(resolved.c_str(), &on_disk) == 0 && stat(kSelf, &running) == 0 &&
                    on_disk.st_dev == running.st_dev && on_disk.st_ino == running.st_ino;
  return same ? resolved : kSelf;
}

std::vector<std::string> ChildArguments(std::string_view role) {
  static constexpr std::size_t kRoomForTitle = 96;
  return {"colmeia", std::string(role), std::string(kRoomForTitle, ' ')};
}

}  // namespace colmeia::master
