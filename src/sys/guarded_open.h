// Opening files by name for writing, in folders where others may write, too.
//
// A user who may write in a folder can put a symbolic link there, or a second name of any file (a hard link), under
// the name that we are about to open; a master that is root would then write into a file of his choice. The kernel's
// fs.protected_symlinks and fs.protected_hardlinks do not help: they are for folders such as /tmp only, or off.
//
// 1. A symbolic link, at the end or on the way, is followed only when root or our own user made it: an operator's link
//    of a log to another disk or to /dev/stdout goes on to work. Those of /proc lead where the kernel says.
// 2. With O_NOFOLLOW in `flags` none is followed at the end, whatever its owner.
// 3. A file opened for writing that has several names is refused where others may write in its folder.
//
// Each step goes through the descriptor of the folder before it, so no user can exchange one behind our back.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::sys {

// open(2) by these rules, always closed on exec. The error names the path, and the owner of a link that is not followed
// (ELOOP) or the number of names (EMLINK).
[[nodiscard]] Result<UniqueFd> OpenGuarded(const std::string& path, int flags, mode_t mode = 0644);

// What kind of file a mode (stat(2)) is of: "a regular file", "a symbolic link", "a socket".
[[nodiscard]] std::string_view KindOf(mode_t mode);

// What stands at `path` itself, links not followed; empty when nothing does, or we cannot tell.
[[nodiscard]] std::string_view KindAt(const std::string& path);

}  // namespace colmeia::sys
