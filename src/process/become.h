// Becoming a worker: the one place where power is given up, as a numbered list. After it the process is what the
// configuration says, and there is no way back.
//
// Memory comes first. The descriptors that the master lent can write all of the scoreboard, so they are used once, as
// scoreboard::Board says, and closed before the configuration is read and the first client comes.
#pragma once

#include <sys/types.h>

#include "process/adoption.h"
#include "util/result.h"

namespace colmeia::process {

// `adoption.identity` holds this seat's affinity only; `adoption.memory` becomes its board and trace. `master` is the
// pid of the parent whose death ends this process, 0 for none. Failures to set priority, limits and affinity are
// alerts, as in nginx; every other one is returned, and the worker must not serve.
[[nodiscard]] Result<> Become(Adoption& adoption, pid_t master);

}  // namespace colmeia::process
