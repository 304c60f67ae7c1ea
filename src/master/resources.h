// Resources: what the master holds open for its generations: listening sockets, log files, the pid file.
//
// A later generation shares what an earlier one has open under the same address or path, so that an accept queue never
// goes away because a configuration was read again. Nothing here waits: a port that is taken is an error at once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ipc/plan.h"
#include "log/error_log.h"
#include "sys/pid_file.h"
#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::master {

// A listening address. `reuseport` has one socket per seat, otherwise there is one.
struct OpenListener {
  std::string name;
  std::string address;
  bool reuseport = false;
  std::vector<sys::UniqueFd> sockets;
};

struct OpenLog {
  std::string path;
  sys::UniqueFd fd;  // keeps its number when the file is opened anew
};

// One generation's view, by ordinals of its plan.
struct OpenGeneration {
  std::shared_ptr<const ipc::Plan> plan;
  std::vector<std::shared_ptr<OpenListener>> listeners;  // empty once the generation accepts no more
  std::vector<std::shared_ptr<OpenLog>> logs;
};

class Resources {
 public:
  // Descriptors 1 and 2 as they are now are what "/dev/stdout" and "stderr" mean from here on.
  Resources();

  // Opens everything that `plan` names and no living generation has. All or nothing. The error names the address or the
  // path, its place in the configuration, and what to do.
  Result<> Open(std::uint32_t generation, std::shared_ptr<const ipc::Plan> plan);

  // Gives every `reuseport` listener of a generation a socket for each of `seats`.
  Result<> GrowClones(std::uint32_t generation, std::uint32_t seats);

  // The master's messages go to the error logs of this generation from here on, and descriptor 2 with them. (Messages
  // go to those of the first generation as soon as it is open.) A daemon lets go of descriptors 1 and 2 of its
  // launcher.
  void Promote(std::uint32_t generation);

  void CloseListeners(std::uint32_t generation);
  void Close(std::uint32_t generation);

  // Opens all log files anew under the same numbers. What could not be opened keeps its old file and is told.
  struct Reopened {
    std::uint32_t files = 0;
    std::vector<std::string> failures;
  };
  Reopened ReopenLogs();

  // Null when that generation has nothing open.
  [[nodiscard]] const OpenGeneration* Find(std::uint32_t generation) const;

  // Removes the pid file. At the very end.
  void RemovePidFile();

 private:
  Result<std::shared_ptr<OpenListener>> OpenOne(const ipc::PlannedListener& planned, std::uint32_t seats);
  static Result<> OpenSockets(OpenListener& listener, const ipc::PlannedListener& planned, std::size_t wanted);
  Result<std::shared_ptr<OpenLog>> OpenOne(const ipc::PlannedLog& planned);
  Result<sys::UniqueFd> OpenLogFile(const std::string& path) const;
  void WriteTo(const OpenGeneration& generation);
  void LetGoOfTerminal();
  static void RemoveSocketFile(const OpenListener& listener);
  template <class Resource, class Match>
  std::shared_ptr<Resource> FindOpen(std::vector<std::shared_ptr<Resource>> OpenGeneration::*list, Match match) const;

  std::map<std::uint32_t, OpenGeneration> generations_;
  std::vector<std::shared_ptr<OpenLog>> main_logs_;  // that the master writes to; they outlive their generation
  sys::PidFile pid_file_;
  sys::PidFile next_pid_file_;  // of a generation that is not current yet
  sys::UniqueFd original_stdout_;
  sys::UniqueFd original_stderr_;
};

}  // namespace colmeia::master
