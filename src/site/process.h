// process: the directives of the main context: the user of workers, how many there are, and how the server runs.
//
// It only keeps what was written; app/ turns it into the plan that the master works from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/plan.h"
#include "site/module.h"
#include "util/clock.h"

namespace colmeia::site {

struct ProcessSettings {
  // worker_cpu_affinity. Masks as written, "0101" is CPUs 0 and 2. With `automatic` one CPU per seat, of the one mask
  // if there is any; else a mask per seat, the last one for all further seats. Nothing written: workers run anywhere.
  struct Affinity {
    bool automatic = false;
    std::vector<std::string> masks;
  };

  std::string user;
  std::string group;        // empty: the group that the user's name stands for
  config::Span user_place;  // of the words of the `user` directive; empty when there is none
  bool daemon = true;
  bool master_process = true;
  std::string pid;                       // absolute
  std::string control;                   // absolute; empty: no control socket
  std::optional<std::uint32_t> workers;  // empty: auto
  std::uint64_t rlimit_nofile = 0;       // 0: leave alone
  int priority = 0;                      // nice value, 0: leave alone
  Affinity affinity;
  util::Milliseconds shutdown_timeout{0};  // 0: no limit
  util::Milliseconds start_timeout{10000};
  util::Milliseconds watchdog{10000};  // 0: off
  std::uint64_t max_requests = 0;      // 0: off
  std::uint64_t max_memory = 0;        // bytes, 0: off
  std::uint32_t max_generations = 8;   // that drain at the same time
  std::string working_directory;       // absolute; empty: leave alone
  ipc::Sandbox sandbox = ipc::Sandbox::kOn;
  std::vector<std::string> environment;  // NAME or NAME=value, in the order written
};

extern const site::Module kProcess;

// Where the control socket is unless the configuration says it: "/run/colmeia.control" for "/run/colmeia.pid".
[[nodiscard]] std::string ControlBeside(std::string_view pid);

}  // namespace colmeia::site
