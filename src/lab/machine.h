// On what was measured: numbers are worth nothing without it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace colmeia::lab {

struct Machine {
  std::string processor;       // "AMD EPYC 7R32"
  std::string kernel;          // "Linux 6.1.0 x86_64"
  std::vector<unsigned> cpus;  // that this process may use
  std::size_t memory = 0;      // bytes, in all
  bool sanitized = false;      // this program is slowed down by sanitizers: its numbers are for tests
};

[[nodiscard]] Machine ThisMachine();

}  // namespace colmeia::lab
