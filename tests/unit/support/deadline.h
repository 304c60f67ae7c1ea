// Deadline: how long a unit test waits for what must happen. It is long, because sanitizers, parallel tests and other
// programs share the machine: only a failure takes so long. A test that is green never waits for it.
#pragma once

#include <chrono>

namespace colmeia {

inline constexpr std::chrono::seconds kTestDeadline{60};

}  // namespace colmeia
