// How the master starts copies of its own program, and how such a copy knows what it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace colmeia::master {

// First argument of a child; descriptor 3 must be its channel. Not for people.
inline constexpr std::string_view kWorkerArgument = "--as-worker";
inline constexpr std::string_view kCompilerArgument = "--as-compiler";

// The descriptor of the channel in every child.
inline constexpr int kChannelFd = 3;
// That of the page on which a compiler notes where it is (ipc/progress_page.h).
inline constexpr int kProgressFd = 4;

// The path to exec: that of the running program while it still leads to the running inode, else /proc/self/exe, which
// works also when the file was replaced. (Valgrind and its kin need the former.)
[[nodiscard]] std::string ProgramPath();

// argv of a child, with a spare argument that leaves room for the longest title.
[[nodiscard]] std::vector<std::string> ChildArguments(std::string_view role);

}  // namespace colmeia::master
