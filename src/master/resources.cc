#include "master/resources.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/core.h>

#include "sys/address.h"
#include "sys/descriptors.h"
#include "sys/files.h"
#include "sys/sockets.h"

namespace colmeia::master {
namespace {

// "site.conf:3: " or nothing.
std::string Place(const std::string& where) { return where.empty() ? std::string() : where + ": "; }

std::string Advice(int code, const std::string& name) {
  switch (code) {
    case EADDRINUSE:
      return "; another process listens there, find it with: ss -ltnp";
    case EACCES:
    case EPERM:
      return "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
      return "; no interface of this machine has that address, see: ip address";
    case EMFILE:
    case ENFILE:
      return "; no descriptors are left, raise worker_rlimit_nofile or the limit of the service (" + name + ")";
    default:
      return {};
  }
}

}  // namespace

Resources::Resources() {
  if (auto fd = sys::Duplicate(STDOUT_FILENO)) original_stdout_ = *std::move(fd);
  if (auto fd = sys::Duplicate(STDERR_FILENO)) original_stderr_ = *std::move(fd);
}

template <class Resource, class Match>
std::shared_ptr<Resource> Resources::FindOpen(std::vector<std::shared_ptr<Resource>> OpenGeneration::*list,
                                              Match match) const {
  for (const auto& [number, generation] : generations_) {
    for (const auto& resource : generation.*list) {
      if (match(*resource)) return resource;
    }
  }
  return nullptr;
}

Result<> Resources::Open(std::uint32_t generation, std::shared_ptr<const ipc::Plan> plan) {
  OpenGeneration opened;
  opened.plan = plan;

  sys::PidFile pid_file;
  if (pid_file_.path() != plan->pid_path || !pid_file_) {
    auto created = sys::PidFile::Create(plan->pid_path, getpid());
    if (!created) return tl::unexpected(created.error());
    pid_file = *std::move(created);
  }

  // Until the end of this function only `opened` holds what is new, so leaving early closes exactly that.
  const auto abandon = [&](Error error) -> Result<> {
    for (const auto& listener : opened.listeners) {
      if (listener.use_count() == 1) RemoveSocketFile(*listener);
    }
    pid_file.Remove();
    return tl::unexpected(std::move(error));
  };
  for (const ipc::PlannedLog& planned : plan->logs) {
    auto log = OpenOne(planned);
    if (!log) return abandon(log.error());
    opened.logs.push_back(*std::move(log));
  }
  for (const ipc::PlannedListener& planned : plan->listeners) {
    auto listener = OpenOne(planned, plan->workers);
    if (!listener) return abandon(listener.error());
    opened.listeners.push_back(*std::move(listener));
  }

  if (pid_file) next_pid_file_ = std::move(pid_file);
  // The beginnings of the first generation stand in its own log: there is no other.
  if (main_logs_.empty()) WriteTo(opened);
  generations_.emplace(generation, std::move(opened));
  return {};
}

Result<std::shared_ptr<OpenListener>> Resources::OpenOne(const ipc::PlannedListener& planned, std::uint32_t seats) {
  auto listener = FindOpen(&OpenGeneration::listeners, [&](const OpenListener& open) {
    return open.address == planned.address && open.reuseport == planned.reuseport;
  });
  if (listener == nullptr) {
    listener = std::make_shared<OpenListener>();
    listener->name = planned.name;
    listener->address = planned.address;
    listener->reuseport = planned.reuseport;
  }
  auto opened = OpenSockets(*listener, planned, planned.reuseport ? seats : 1);
  if (!opened) return tl::unexpected(opened.error());
  return listener;
}

Result<> Resources::OpenSockets(OpenListener& listener, const ipc::PlannedListener& planned, std::size_t wanted) {
  auto address = sys::Address::FromBytes(planned.address);
  if (!address) return tl::unexpected(address.error());
  const sys::ListenOptions options{planned.backlog, planned.reuseport, planned.ipv6only};
  while (listener.sockets.size() < wanted) {
    auto socket = sys::Listen(*address, options);
    if (!socket) {
      return Fail(Place(planned.where) + socket.error().message + Advice(socket.error().code, planned.name),
                  socket.error().code);
    }
    listener.sockets.push_back(*std::move(socket));
  }
  return {};
}

Result<> Resources::GrowClones(std::uint32_t generation, std::uint32_t seats) {
  const auto at = generations_.find(generation);
  if (at == generations_.end()) return {};
  for (std::size_t i = 0; i < at->second.listeners.size(); ++i) {
    OpenListener& listener = *at->second.listeners[i];
    if (!listener.reuseport) continue;
    auto opened = OpenSockets(listener, at->second.plan->listeners[i], seats);
    if (!opened) return opened;
  }
  return {};
}

Result<sys::UniqueFd> Resources::OpenLogFile(const std::string& path) const {
  if (path == "stderr" || path == "/dev/stderr") return sys::Duplicate(original_stderr_.get());
  if (path == "/dev/stdout") return sys::Duplicate(original_stdout_.get());
  // A FIFO without a reader must not stop the master: then opening fails instead.
  return sys::OpenFile(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, 0644);
}

Result<std::shared_ptr<OpenLog>> Resources::OpenOne(const ipc::PlannedLog& planned) {
  auto log = FindOpen(&OpenGeneration::logs, [&](const OpenLog& open) { return open.path == planned.path; });
  if (log != nullptr) return log;
  auto fd = OpenLogFile(planned.path);
  if (!fd) {
    const std::string advice = fd.error().code == ENOENT ? "; create the folder first" : "";
    return Fail(Place(planned.where) + fd.error().message + advice, fd.error().code);
  }
  return std::make_shared<OpenLog>(OpenLog{planned.path, *std::move(fd)});
}

void Resources::Promote(std::uint32_t generation) {
  if (next_pid_file_) {
    pid_file_.Remove();
    pid_file_ = std::move(next_pid_file_);
    next_pid_file_ = {};
  }
  const OpenGeneration& current = generations_.at(generation);
  WriteTo(current);
  if (current.plan->daemon) LetGoOfTerminal();
  if (main_logs_.empty()) return;
  // Whatever a library or the kernel's abort message says on descriptor 2 is in the log as well.
  if (auto redirected = sys::Redirect(main_logs_.front()->fd, STDERR_FILENO); !redirected) {
    log::Main().Print(log::Level::kAlert, "master: descriptor 2 stays where it was: {}", redirected.error().message);
  }
}

void Resources::WriteTo(const OpenGeneration& generation) {
  std::vector<std::shared_ptr<OpenLog>> logs;
  std::vector<log::ErrorLog::Target> targets;
  for (const ipc::PlannedErrorLog& planned : generation.plan->error_logs) {
    logs.push_back(generation.logs[planned.log]);
    targets.push_back({logs.back()->fd.get(), static_cast<log::Level>(planned.level)});
  }
  log::Main().SetTargets(std::move(targets));
  main_logs_ = std::move(logs);
}

// Whoever reads what the launcher says waits for the end of it, which would not come while a daemon holds the pipe.
void Resources::LetGoOfTerminal() {
  auto null = sys::OpenFile("/dev/null", O_RDWR);
  if (!null) return;
  for (const sys::UniqueFd* const fd : {&original_stdout_, &original_stderr_}) {
    if (auto redirected = sys::Redirect(*null, fd->get()); !redirected) {
      log::Main().Write(log::Level::kAlert, redirected.error().message);
    }
  }
}

void Resources::RemoveSocketFile(const OpenListener& listener) {
  const auto address = sys::Address::FromBytes(listener.address);
  if (!address || address->family() != AF_UNIX || address->UnixPath().empty()) return;
  unlink(std::string(address->UnixPath()).c_str());
}

void Resources::CloseListeners(std::uint32_t generation) {
  const auto at = generations_.find(generation);
  if (at == generations_.end()) return;
  for (auto& listener : at->second.listeners) {
    if (listener.use_count() == 1) RemoveSocketFile(*listener);
    listener.reset();
  }
  at->second.listeners.clear();
}

void Resources::Close(std::uint32_t generation) {
  CloseListeners(generation);
  generations_.erase(generation);
  // A generation that was given up before it became current takes its pid file with it.
  const bool wanted = std::any_of(generations_.begin(), generations_.end(), [&](const auto& entry) {
    return entry.second.plan->pid_path == next_pid_file_.path();
  });
  if (next_pid_file_ && !wanted) next_pid_file_.Remove();
}

Resources::Reopened Resources::ReopenLogs() {
  Reopened result;
  std::vector<OpenLog*> done;
  for (auto& [number, generation] : generations_) {
    for (const auto& log : generation.logs) {
      if (std::find(done.begin(), done.end(), log.get()) != done.end()) continue;
      done.push_back(log.get());
      if (log->path == "stderr" || log->path.starts_with("/dev/std")) continue;  // nothing there to open anew
      auto fresh = OpenLogFile(log->path);
      auto redirected = fresh ? sys::Redirect(*fresh, log->fd.get()) : Result<>(tl::unexpected(fresh.error()));
      if (redirected) {
        ++result.files;
      } else {
        result.failures.push_back(redirected.error().message);
      }
    }
  }
  if (!log::Main().targets().empty()) {
    if (auto fd = sys::Duplicate(log::Main().targets().front().fd)) {
      if (auto redirected = sys::Redirect(*fd, STDERR_FILENO); !redirected) {
        result.failures.push_back(redirected.error().message);
      }
    }
  }
  return result;
}

const OpenGeneration* Resources::Find(std::uint32_t generation) const {
  const auto at = generations_.find(generation);
  return at == generations_.end() ? nullptr : &at->second;
}

void Resources::RemovePidFile() {
  next_pid_file_.Remove();
  pid_file_.Remove();
}

}  // namespace colmeia::master
