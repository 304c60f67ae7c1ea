// The title of a process, as ps and top show it: "colmeia: worker process".
//
// Titles are written over the memory in which the kernel put argv and the environment, so their length is bounded by
// it: the parent of a process that will need a long title gives it a spare argument of padding.
#pragma once

#include <string_view>

namespace colmeia::sys {

// Finds that memory and moves the environment out of it. Call once, first thing in main(). From here on argv's strings
// may be overwritten at any SetTitle(): copy what is needed before. Also names the thread (SetProcessName).
void InitTitle(int argc, char** argv);

// Shows `title`, cut to what fits. Does nothing before InitTitle(). Sets the process' name again.
void SetTitle(std::string_view title);

// PR_SET_NAME "colmeia", so that pidof and top find a process that was exec'ed through /proc/self/exe.
void SetProcessName();

}  // namespace colmeia::sys
