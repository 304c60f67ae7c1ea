// What a worker shuts itself out of once it is who it should be: the second wall behind the change of user.
//
// Two parts of the kernel do it, each where there is one. Landlock (sys/landlock.h) decides about files, ports and
// signals; a filter (sys/syscall_filter.h) decides about system calls. What a worker needs beyond them the master opens
// and sends.
#pragma once

#include "ipc/plan.h"
#include "util/result.h"

namespace colmeia::worker {

// What follows Become(), before the configuration is read. Parts that the kernel lacks are passed over, the
// compiler has told the operator; an error is that of a part that it has, and the worker must not serve.
[[nodiscard]] Result<> EnterSandbox(const ipc::Identity& identity);

// When the configuration is read and its regular expressions are compiled: no further machine code.
[[nodiscard]] Result<> SealSandbox(const ipc::Identity& identity);

}  // namespace colmeia::worker
