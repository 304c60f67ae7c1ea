// LogFiles: the log files that the master holds open for its generations, which of them it writes to itself, and the
// descriptors 1 and 2 of its launcher.
//
// A path is open once, however many generations name it. A file stays open as long as its OpenLog has a holder: a
// generation, or LogFiles while the master writes to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ipc/plan.h"
#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::resources {

struct OpenLog {
  std::string path;
  sys::UniqueFd fd;  // keeps its number when the file is opened anew
};

// What an operator can do about a log that cannot be opened, to stand behind why: "; make its folder: ..."; or nothing.
[[nodiscard]] std::string LogAdvice(const std::string& path, const util::Error& error);

class LogFiles {
 public:
  // Descriptors 1 and 2 as they are now are what "/dev/stdout" and "stderr" mean from here on. Where one is a regular
  // file, its holders write at its end from here on.
  LogFiles();

  // The error names the path, its place in the configuration, and what to do.
  [[nodiscard]] Result<std::shared_ptr<OpenLog>> Open(const ipc::PlannedLog& planned);

  // The descriptor for a worker to write with. It can add lines, and change nothing that is there, nor how others
  // write: a pipe is opened anew and non-blocking for this worker alone, and so is a regular file that came from
  // outside and was open for more than appending. Where that is not allowed, and otherwise, it is a duplicate.
  [[nodiscard]] static Result<sys::UniqueFd> ForWorker(const OpenLog& log);

  // Opens all files anew under the same numbers, and takes descriptor 2 along. What could not be opened keeps its old
  // file and is told.
  struct Reopened {
    std::uint32_t files = 0;
    std::vector<std::string> failures;
  };
  Reopened Reopen();

  // The master's messages go to the error logs of this plan from here on; `logs` are its files, by its ordinals.
  void WriteTo(const ipc::Plan& plan, const std::vector<std::shared_ptr<OpenLog>>& logs);
  // Whether they go to any.
  [[nodiscard]] bool writes() const { return !main_.empty(); }

  // Descriptor 2 becomes the first log that the master writes to: whatever a library or the kernel's abort message says
  // there is in the log as well.
  void TakeDescriptor2() const;

  // A reader of what the launcher says waits for the end of it, which would not come while a daemon holds the pipe.
  void LetGoOfLauncher();
  // What descriptors 1 and 2 were at the start; /dev/null once the launcher was let go of.
  [[nodiscard]] int original_stdout() const { return original_stdout_.get(); }
  [[nodiscard]] int original_stderr() const { return original_stderr_.get(); }

 private:
  // Everything that has a holder, in the order of opening.
  std::vector<std::shared_ptr<OpenLog>> InUse();
  Result<sys::UniqueFd> OpenFile(const std::string& path) const;
  Result<> RedirectDescriptor2() const;

  std::vector<std::weak_ptr<OpenLog>> open_;
  std::vector<std::shared_ptr<OpenLog>> main_;  // that the master writes to; they outlive their generation
  sys::UniqueFd original_stdout_;
  sys::UniqueFd original_stderr_;
};

}  // namespace colmeia::resources
