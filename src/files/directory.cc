#include "files/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include "util/check.h"

namespace colmeia::files {
namespace {

struct DirectoryClose {
  void operator()(DIR* directory) const { closedir(directory); }
};

// Of the entry, or of the link itself where it leads nowhere.
bool StatusOf(int directory, const char* name, struct stat& status) {
  if (fstatat(directory, name, &status, 0) == 0) return true;
  return (errno == ENOENT || errno == ELOOP) && fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

Listing ListDirectory(std::string_view path) {
  CHECK(path.data()[path.size()] == '\0');
  Listing listing;
  const std::unique_ptr<DIR, DirectoryClose> directory(opendir(path.data()));  // closed on exec, as opendir() does it
  if (!directory) {
    listing.error = errno;
    return listing;
  }
  while (true) {
    errno = 0;
    const dirent* const row = readdir(directory.get());
    if (row == nullptr) break;
    if (row->d_name[0] == '.') continue;
    struct stat status {};
    if (!StatusOf(dirfd(directory.get()), row->d_name, status)) continue;
    const Stamp stamp = Stamp::Of(status);
    listing.entries.push_back({row->d_name, stamp.kind(), stamp.size, stamp.modified_s});
  }
  listing.error = errno;
  return listing;
}

}  // namespace colmeia::files
