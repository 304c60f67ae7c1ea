// What a worker shuts itself out of once it has its user: the second wall behind the change of user.
//
// Two parts of the kernel do it, each where there is one. Landlock (sys/landlock.h) decides about files, ports and
// signals; a filter (sys/syscall_filter.h) decides about system calls and their arguments. What a worker needs beyond
// them the master opens and sends.
//
// Nothing that a worker does behind it may harm the master or the other workers, but for what is its own: the clients
// that it takes, and the limits that the system sets to a user as a whole. What no filter can tell apart is left: a log
// that is a socket (the journal's) can be shut down by any process that writes to it, a pipe of the worker's own user
// can be read by it, and with `reset_timedout_connection` SO_LINGER can be set of a listening socket as of a
// connection.
#pragma once

#include <string>

#include "ipc/plan.h"
#include "util/result.h"

namespace colmeia::process {

// What the running kernel has of it.
struct SandboxSupport {
  int landlock = 0;  // sys::LandlockVersion()
  bool filter = false;
};
[[nodiscard]] SandboxSupport ProbeSandbox();

// What of a sandbox such a kernel cannot enforce, and what follows, for the operator; empty: it enforces all of it.
[[nodiscard]] std::string SandboxGap(ipc::Sandbox sandbox, const SandboxSupport& support);

// What follows Become(), before the configuration is read. Parts that the kernel lacks are passed over, the
// compiler has told the operator (SandboxGap); an error is that of a part that it has, and the worker must not serve.
[[nodiscard]] Result<> EnterSandbox(const ipc::Identity& identity);

// When the configuration is read and its regular expressions are compiled: no further machine code, no further memory
// that is shared with others.
[[nodiscard]] Result<> SealSandbox(const ipc::Identity& identity);

}  // namespace colmeia::process
