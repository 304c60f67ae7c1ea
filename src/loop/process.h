// Process: a child process of ours, fork + exec, and the news of its end.
//
// A child is born with the descriptors it was given and no others, with no signal blocked, and with every signal at its
// default action: libuv resets both (signal mask and dispositions) between fork and exec.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/loop.h"
#include "util/result.h"

namespace colmeia::loop {

struct SpawnOptions {
  // A child's descriptor that is not given: 0 to 2 are opened on /dev/null, others stay closed.
  static constexpr int kNone = -1;

  std::string file;               // path of the program; without a slash it is searched for in PATH
  std::vector<std::string> args;  // argv, the first being the name of the program
  std::vector<std::string> env;   // NAME=value, the whole environment of the child
  std::vector<int> fds;           // lent: the child's descriptors 0, 1, 2, ... in this order, or kNone. Those that
                                  // become the child's 0 to 2 are made blocking, which their other holders share.
  std::string working_directory;  // empty: ours
  bool new_session = false;       // setsid(): no controlling terminal, a process group of its own
};

// How a process ended.
struct ExitStatus {
  int code = 0;    // of exit(); meaningless when `signal` is not 0
  int signal = 0;  // that killed it, or 0

  [[nodiscard]] bool ok() const { return code == 0 && signal == 0; }

  // "exited with code 1", "killed by signal 9 (SIGKILL)"
  [[nodiscard]] std::string Describe() const;

  bool operator==(const ExitStatus&) const = default;
};

class Process final {
 public:
  // Returns once the child has begun to run the new program; fails with errno and the path when it could not be
  // started. `on_exit` is called once, after the child was reaped; it may destroy the Process. `loop` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Process>> Spawn(Loop& loop, const SpawnOptions& options,
                                                              std::function<void(ExitStatus)> on_exit);

  // Kills nothing. A child that still runs is then never reaped: keep this until `on_exit`.
  ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const;
  [[nodiscard]] bool running() const;

  // Fails with ESRCH once the child was reaped, whatever process may have its number by then.
  Result<> Kill(int signal);

 private:
  struct Node;
  struct Closer {
    void operator()(Node* node) const noexcept;
  };

  Process() = default;

  std::unique_ptr<Node, Closer> node_;
};

}  // namespace colmeia::loop
