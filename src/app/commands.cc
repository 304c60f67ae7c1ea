#include "app/commands.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/compile.h"
#include "app/ctl.h"
#include "app/launch.h"
#include "app/modules.h"
#include "app/say.h"
#include "app/serve.h"
#include "app/whereabouts.h"
#include "config/effective.h"
#include "control/client.h"
#include "control/routes.h"
#include "resources/log_files.h"
#include "supervisor/signals.h"
#include "supervisor/words.h"
#include "sys/address.h"
#include "sys/error.h"
#include "sys/guarded_open.h"
#include "sys/pid_file.h"
#include "sys/sockets.h"
#include "util/strings.h"

namespace colmeia::app {
namespace {

// A log file that is not there yet is not left behind: it would belong to whoever tests, and be closed to who serves.
Result<sys::UniqueFd> TryLog(const std::string& path) {
  static constexpr int kFlags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY;
  auto fd = sys::OpenGuarded(path, kFlags);
  if (fd || fd.error().code != ENOENT) return fd;
  fd = sys::OpenGuarded(path, kFlags | O_CREAT | O_EXCL, 0644);
  if (fd) unlink(path.c_str());
  return fd;
}

// Opens what a start would open, and lets go of it. An address that is in use is forgiven: a running server has it.
// Everything that cannot be had, each with its place.
std::vector<std::string> TryResources(const ipc::Plan& plan) {
  std::vector<std::string> failures;
  const auto fail = [&](const std::string& where, const std::string& why) {
    failures.push_back(supervisor::Place(where) + why);
  };
  for (const ipc::PlannedLog& log : plan.logs) {
    if (log.path == "stderr" || log.path.starts_with("/dev/std")) continue;
    const auto fd = TryLog(log.path);
    if (!fd) fail(log.where, fd.error().message + resources::LogAdvice(log.path, fd.error()));
  }
  for (const ipc::PlannedListener& listener : plan.listeners) {
    auto address = sys::Address::FromBytes(listener.address);
    if (!address) {
      fail(listener.where, address.error().message);
      continue;
    }
    auto socket = sys::Listen(*address, {listener.backlog, listener.reuseport, listener.ipv6only, listener.tuning});
    if (!socket && socket.error().code != EADDRINUSE) fail(listener.where, socket.error().message);
    if (socket && address->family() == AF_UNIX) unlink(std::string(address->UnixPath()).c_str());
  }
  return failures;
}

// Without a pid file to go by: whether the server that answers is one of this configuration.
Result<> IsMeant(control::Client& client, const Whereabouts& where, util::TimePoint deadline) {
  const auto status = FetchStatus(client, deadline);
  if (!status) return tl::unexpected(status.error());
  if (status->server.pid_file == where.pid_path) return {};
  return Fail(fmt::format("process {} answers at {}, but it serves another configuration: its pid file is {}",
                          status->server.pid, where.control_path, status->server.pid_file));
}

// The result of -s, in one line on descriptor 1; with -q only what went wrong is told.
int Tell(const CommandLine& command_line, std::string_view result) {
  if (!command_line.quiet) fmt::print("{}: {}\n", command_line.verb, result);
  return kExitOk;
}

std::string HasEnded(pid_t pid) { return fmt::format("done, process {} has ended", pid); }

// Gives the order over the control socket to `pid`, or to whoever serves this configuration when the pid file does not
// say who. Nothing when nobody answers there, or another process than the one meant.
std::optional<int> OrderOverSocket(const Whereabouts& where, const Result<pid_t>& pid,
                                   const CommandLine& command_line) {
  const std::string& path = where.control_path;
  if (path.empty()) return std::nullopt;
  const control::Route& route = *control::FindVerb(command_line.verb, false);
  const util::TimePoint deadline = util::Now() + route.patience;
  auto client = control::Client::Connect(path, deadline);
  if (!client) return std::nullopt;
  if (pid && client->server_pid() != 0 && client->server_pid() != *pid) return std::nullopt;
  if (!pid) {
    if (auto meant = IsMeant(*client, where, deadline); !meant) {
      Say(log::Level::kError, meant.error().message);
      return std::nullopt;
    }
    Say(log::Level::kNotice, fmt::format("{}; process {} answers at the control socket {}", pid.error().message,
                                         client->server_pid(), path));
  }
  const control::Answer answer = Order(*client, route, 0, deadline);
  if (answer.ok) {
    if (EndsServer(route)) return Tell(command_line, HasEnded(pid ? *pid : client->server_pid()));
    return Tell(command_line, answer.message.empty() ? "done" : answer.message);
  }
  Say(log::Level::kError, answer.message.empty() ? answer.outcome : answer.message);
  return static_cast<int>(answer.exit_code);
}

// Waits for the end of a master. Without a pidfd the end of its lock has to do.
int AwaitEnd(const sys::UniqueFd& process, const std::string& pid_path, pid_t pid, util::TimePoint deadline) {
  static constexpr int kLookAgainMs = 10;
  bool ended = process && control::AwaitEnd(process, deadline);
  while (!process && !ended && util::Now() < deadline) {
    ended = sys::PidFile::RunningPid(pid_path).value_or(0) != pid;
    if (!ended) poll(nullptr, 0, kLookAgainMs);
  }
  if (ended) return kExitOk;
  Say(log::Level::kError, fmt::format("process {} was told to leave and has not ended yet", pid));
  return control::kExitTimedOut;
}

// "daemon: off", or "daemon: on, by default" where nobody said it.
std::string ValueInMain(std::string_view effective, std::string_view name) {
  for (const std::string_view line : util::Split(effective, '\n')) {
    if (!line.starts_with(name) || !line.substr(name.size()).starts_with(' ')) continue;
    const std::string_view value = line.substr(name.size() + 1, line.find(';') - name.size() - 1);
    return fmt::format("{}: {}{}\n", name, value, line.ends_with("# default") ? ", by default" : "");
  }
  return {};
}

void Dump(const config::Source& source) {
  for (const config::Source::File& file : source.files()) {
    if (!file.path.starts_with('/')) continue;  // the text of -g is no file
    fmt::print("# configuration file {}:\n{}\n", file.path, file.text);
  }
  fmt::print("# effective configuration, with the place of each value:\n{}",
             config::Effective(source, Modules().registry()));
}

// Without a pid: whether that means that nobody runs. Of a pid file that cannot be used nothing follows.
bool IsNobody(const Error& error) { return error.code == ENOENT || error.code == ESRCH; }

// Tells the server that is found there, and says what came of it.
int Send(const Whereabouts& where, const CommandLine& command_line) {
  const std::string& control = where.control_path;
  const Result<pid_t> pid = where.pid_path.empty() ? Fail("the configuration names no pid file", ENOENT)
                                                   : sys::PidFile::RunningPid(where.pid_path);
  if (const auto answered = OrderOverSocket(where, pid, command_line)) return *answered;
  if (!pid) {
    const bool is_nobody = IsNobody(pid.error());
    Say(log::Level::kError,
        fmt::format("{}{}{}", is_nobody ? "not running: " : "", pid.error().message,
                    control.empty() ? "" : fmt::format(", and no server answers at the control socket {}", control)));
    return is_nobody ? kExitNotRunning : kExitResources;
  }
  const supervisor::SignalRow& row = *supervisor::FindVerb(command_line.verb);
  const sys::UniqueFd process = control::OpenProcess(*pid);
  if (kill(*pid, row.number) != 0) {
    const Error why = sys::ErrnoError(fmt::format("cannot send {} to process {}", row.name, *pid));
    Say(log::Level::kAlert, why.message);
    return why.code == ESRCH ? kExitNotRunning : kExitResources;
  }
  const control::Route& route = *control::FindVerb(row.verb, false);
  if (EndsServer(route)) {
    const int code = AwaitEnd(process, where.pid_path, *pid, util::Now() + route.patience);
    return code == kExitOk ? Tell(command_line, HasEnded(*pid)) : code;
  }
  Say(log::Level::kNotice,
      fmt::format("{} to process {}: sent; result unknown, as no server answers at a control socket{}{}", row.name,
                  *pid, control.empty() ? "" : " ", control));
  return kExitOk;
}

// The configuration has mistakes. A server that runs from it is told all the same: it looks for itself before it
// reloads, and its log and its status remember that; to the other orders the configuration is nothing. Where none is
// found nothing is sent, and the mistakes are told with what else can be done.
int SendAnyhow(const Compilation& compilation, const CommandLine& command_line) {
  const config::Source& source = compilation.source;
  const bool is_reload = command_line.verb == "reload";
  Whereabouts where = WhereaboutsIn(source);
  const auto pid_path = PidFileOfServer(where.control_path, source.conf_path);
  if (pid_path) where.pid_path = *pid_path;
  const Result<pid_t> pid = sys::PidFile::RunningPid(where.pid_path);
  const bool is_known = pid_path || (where.pid_is_named && pid);
  if (is_known && !is_reload) {
    Say(log::Level::kWarn, fmt::format("the configuration file {} has mistakes, which colmeia -t tells; the server "
                                       "that runs from it is told to {} all the same",
                                       source.conf_path, command_line.verb));
    return Send(where, command_line);
  }
  if (is_known) {
    if (const auto answered = OrderOverSocket(where, pid, command_line)) return *answered;
  }
  SayText(compilation.diagnostics, log::Level::kError);
  if (is_reload) {
    return Complain(kExitConfiguration,
                    fmt::format("nothing was sent: {} goes on with its old configuration",
                                pid ? fmt::format("the server (pid {})", *pid) : std::string("a server that runs")));
  }
  const supervisor::SignalRow& row = *supervisor::FindVerb(command_line.verb);
  const std::string_view signal = std::string_view(row.name).substr(std::string_view("SIG").size());
  const std::string by_socket = where.control_path.empty() ? std::string("colmeia ctl --socket FILE")
                                                           : fmt::format("colmeia ctl --socket {}", where.control_path);
  return Complain(kExitConfiguration,
                  fmt::format("nothing was sent, as the mistakes leave open which server is meant; mend them, or go "
                              "without the file: {} {}, or kill -{} {}",
                              by_socket, command_line.verb, signal, pid ? fmt::format("{}", *pid) : "PID"));
}

}  // namespace

int TestConfiguration(const CommandLine& command_line, config::Progress* progress) {
  const Compilation compilation = CompileConfiguration(command_line.compile, progress);
  const std::string conf = Resolved(command_line.compile).conf;
  const auto failed = [&](int code) {
    SayText(fmt::format("colmeia: configuration file {} test failed", conf));
    return code;
  };
  if (!compilation.ok) {
    SayText(compilation.diagnostics);
    return failed(kExitConfiguration);
  }
  if (!compilation.plan.warnings.empty()) SayText(compilation.plan.warnings);
  if (!command_line.quiet) SayText(fmt::format("colmeia: the configuration file {} syntax is ok", conf));
  const std::vector<std::string> failures = TryResources(compilation.plan);
  for (const std::string& failure : failures) Say(log::Level::kEmerg, failure);
  if (!failures.empty()) return failed(kExitConfiguration);
  if (!command_line.quiet) SayText(fmt::format("colmeia: configuration file {} test is successful", conf));
  if (command_line.dump) Dump(compilation.source);
  return kExitOk;
}

int ShowPlan(const CommandLine& command_line, config::Progress* progress) {
  const Compilation compilation = CompileConfiguration(command_line.compile, progress);
  if (!compilation.ok) {
    SayText(compilation.diagnostics, log::Level::kError);
    return kExitConfiguration;
  }
  const ipc::Plan& plan = compilation.plan;
  const auto or_none = [](const std::string& path) { return path.empty() ? std::string("none") : path; };
  std::string out = fmt::format("prefix: {}\nconfiguration: {}\npid file: {}\ncontrol socket: {}\n", plan.prefix,
                                plan.conf_path, or_none(plan.pid_path), or_none(plan.control_path));
  for (std::uint32_t i = 0; i < plan.logs.size(); ++i) {
    const bool errors = std::any_of(plan.error_logs.begin(), plan.error_logs.end(),
                                    [i](const ipc::PlannedErrorLog& target) { return target.log == i; });
    out += fmt::format("{}: {}\n", errors ? "error log" : "log", plan.logs[i].path);
  }
  std::string last;
  for (const ipc::PlannedListener& listener : plan.listeners) {
    // The wildcards of both families are one address for a browser on this machine.
    if (const std::string url = UrlOf(listener.name); std::exchange(last, url) != url) {
      out += fmt::format("address: {}\n", url);
    }
  }
  out += fmt::format("workers: {}{}\n", plan.workers,
                     plan.workers_why.empty() ? "" : fmt::format(", {}", plan.workers_why));
  const std::string effective = config::Effective(compilation.source, Modules().registry());
  for (const std::string_view name : {"daemon", "user"}) out += ValueInMain(effective, name);
  fmt::print("{}", out);
  return kExitOk;
}

int SendSignal(const CommandLine& command_line, config::Progress* progress) {
  const Compilation compilation = CompileConfiguration(command_line.compile, progress);
  if (!compilation.ok) return SendAnyhow(compilation, command_line);
  return Send({compilation.plan.pid_path, compilation.plan.control_path}, command_line);
}

}  // namespace colmeia::app
