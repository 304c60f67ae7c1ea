// A crash report: what a dying worker says about itself in the error log (descriptor 2), before it dies of the same
// signal with the same status and core dump as it would have without.
//
//   2026/11/23 11:34:00 [alert] 1234#1234: worker ends by signal 11 (SIGSEGV), code 1 (nothing is mapped
//   there), address 0x8
//     serving "GET /a HTTP/1.1"
//     colmeia 0.1.0, build id 5f2c...
//     #0 /usr/sbin/colmeia+0x4f2a1 _ZN7colmeia8pipeline6Runner3RunERNS0_8ExchangeE
//     #1 ...
//
// SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT. The last one is also what the master sends to a hung worker, so the same
// report shows where that one was.
//
// Everything is prepared at the start: the handler runs on a stack of its own, allocates nothing, and writes twice, the
// facts before the frames: a broken stack may break the walk over it. Names are those of the program's symbol table, as
// the linker knows them (c++filt makes them readable); a frame of another module, or of a stripped program, has its
// offset in the file, which addr2line understands. Machine code that was made at run time, a regular expression's above
// all, does not tell its caller: there the frames end. The stamp's time zone is that of the process's start.
#pragma once

#include "pipeline/current_request.h"
#include "scoreboard/layout.h"

namespace colmeia::process {

// Once in a process that is to be a worker, as early as possible. A signal that has a handler already keeps it: a
// sanitizer's report says more than ours. Never fails: what cannot be had is missing in the report.
void InstallCrashReport();

// Where the report finds the request that is being served, and the scoreboard's slot where it is said as well, for the
// master; nullptr: nowhere. Both must outlive this, or be taken back.
void LendCurrentRequest(const pipeline::CurrentRequest* serving, scoreboard::SlotWriter* slot = nullptr);

}  // namespace colmeia::process
