// Requests: what operators asked for over the control socket, and have not been answered yet.
//
// Each is answered exactly once, with the result and not with a promise; the supervisor takes care of that, this is
// only what it remembers.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "supervisor/command.h"
#include "util/clock.h"

namespace colmeia::supervisor {

// The requester of something, by signal or by request, in words for the log.
struct Requester {
  std::string received;                  // begins the log line: "signal 1 (SIGHUP) received from 456"
  std::string by;                        // "signal 1 (SIGHUP)"
  std::optional<std::uint64_t> request;  // to be answered; signals are not
};

struct PendingRequest {
  std::uint64_t id = 0;
  supervisor::Command command = supervisor::Command::kReload;
  // A generation: of kReload, the one that it is about, 0 = the next one to be begun; of kScale, the one that was
  // scaled. Of kReopen: 1 = the reopening under way answers it, 0 = the next one.
  std::uint32_t turn = 0;
  std::uint32_t workers = 0;      // kScale: how many are wanted; kRestart: how many there are to replace
  std::set<std::uint32_t> slots;  // kRestart, kDrain: workers that are still to be replaced, or to leave
  std::string subject;            // kDrain: the worker's name
  std::string result;             // kReload: empty until its generation serves; told when no older worker accepts
  util::TimePoint result_due{};   // at the latest then
};

}  // namespace colmeia::supervisor
