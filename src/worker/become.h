// Becoming a worker: the one place where power is given up, as a numbered list. After it the process is who the
// configuration says, and there is no way back.
#pragma once

#include <sys/types.h>

#include "ipc/plan.h"
#include "util/result.h"

namespace colmeia::worker {

// `identity` holds this seat's affinity only. `master` is the pid of the parent whose death ends this process, 0 for
// none. Failures of the first three steps are alerts, as in nginx; every later one is returned, and the worker must not
// serve.
[[nodiscard]] Result<> Become(const ipc::Identity& identity, pid_t master);

}  // namespace colmeia::worker
