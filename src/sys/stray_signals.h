// Stray signals: those that end a process unless it says otherwise, and that mean nothing to us. A timer of a library,
// a power daemon or a mistyped kill(1) sends them, and none of these is a reason for a server to end.
//
// Not among them are the signals that are used (supervisor/signals.h, loop/signals.h), SIGPIPE, which is ignored
// elsewhere, SIGKILL, which no process can outlive, and those that tell of a fault (SIGSEGV, SIGBUS, SIGFPE, SIGILL,
// SIGSYS, SIGTRAP, SIGABRT): a sender of one of these wants an end with a core dump, as a service manager's watchdog
// does.
#pragma once

#include <vector>

namespace colmeia::sys {

// All of them, the real-time signals included.
[[nodiscard]] std::vector<int> StraySignals();

// From here on they come to nothing in this process: where one would have ended it, it is caught by a handler that does
// nothing. exec(2) takes handlers back, so children and a new binary begin as if we had never done this. A signal that
// has a handler already, or is ignored, is left as it is. The two real-time signals that the C library keeps to itself
// are ignored, which goes on to children, to the same effect: each of ours calls this, too.
void OutliveStraySignals();

}  // namespace colmeia::sys
