// process: the directives of the main context about processes: who workers are, how many, and the limits of their
// lives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/module.h"
#include "util/clock.h"

namespace colmeia::modules {

struct ProcessSettings {
  struct Affinity {
    bool automatic = false;          // one CPU after another, those of `masks` (or all usable ones)
    std::vector<std::string> masks;  // "0101": the rightmost digit is CPU 0
  };

  std::string user = "nobody";
  std::string group;       // empty = the user's own
  std::string user_place;  // file:line of the directive, for messages about unknown names
  bool user_given = false;
  bool daemon = true;
  bool master_process = true;
  std::string pid;                       // absolute
  std::optional<std::uint32_t> workers;  // empty = one for each usable CPU
  std::uint64_t rlimit_nofile = 0;       // 0 = leave alone
  int priority = 0;
  Affinity affinity;
  util::Milliseconds shutdown_timeout{0};  // 0 = no limit
  util::Milliseconds start_timeout{10000};
  std::string working_directory;
  std::vector<std::string> environment;  // NAME or NAME=value
};

extern const pipeline::Module kProcess;

}  // namespace colmeia::modules
