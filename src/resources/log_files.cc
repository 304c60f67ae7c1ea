#include "resources/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "log/error_log.h"
#include "supervisor/words.h"
#include "sys/descriptors.h"
#include "sys/files.h"
#include "sys/guarded_open.h"

namespace colmeia::resources {

std::string LogAdvice(const std::string& path, const util::Error& error) {
  if (error.code == ENOENT) return "; make its folder: mkdir -p " + path.substr(0, path.rfind('/'));
  if (error.code == EISDIR) return "; name a file, not a folder";
  if (error.code == ENOTDIR) return "; what should be its folder is a file";
  // Of opening a FIFO to write, or a Unix socket.
  if (error.code == ENXIO && sys::KindAt(path) == sys::KindOf(S_IFIFO)) {
    return "; it is a FIFO without a reader: start its reader first, such as cat " + path;
  }
  if (error.code == ENXIO) return "; name a file: colmeia writes to no socket or device that is not there";
  if (error.code == EACCES) return "; give its folder to the user that starts colmeia, or name another one";
  return {};
}

LogFiles::LogFiles() {
  if (auto fd = sys::Duplicate(STDOUT_FILENO)) original_stdout_ = *std::move(fd);
  if (auto fd = sys::Duplicate(STDERR_FILENO)) original_stderr_ = *std::move(fd);
  sys::AppendOnly(STDOUT_FILENO);
  sys::AppendOnly(STDERR_FILENO);
}

std::vector<std::shared_ptr<OpenLog>> LogFiles::InUse() {
  std::erase_if(open_, [](const auto& log) { return log.expired(); });
  std::vector<std::shared_ptr<OpenLog>> out;
  for (const auto& log : open_) out.push_back(log.lock());
  return out;
}

Result<sys::UniqueFd> LogFiles::OpenFile(const std::string& path) const {
  if (path == "stderr" || path == "/dev/stderr") return sys::Duplicate(original_stderr_.get());
  if (path == "/dev/stdout") return sys::Duplicate(original_stdout_.get());
  // A FIFO without a reader must not stop the master: then opening fails instead.
  return sys::OpenGuarded(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, 0644);
}

Result<std::shared_ptr<OpenLog>> LogFiles::Open(const ipc::PlannedLog& planned) {
  for (auto& log : InUse()) {
    if (log->path == planned.path) return std::move(log);
  }
  auto fd = OpenFile(planned.path);
  if (!fd) {
    return Fail(supervisor::Place(planned.where) + fd.error().message + LogAdvice(planned.path, fd.error()),
                fd.error().code);
  }
  auto log = std::make_shared<OpenLog>(OpenLog{planned.path, *std::move(fd)});
  open_.push_back(log);
  return log;
}

Result<sys::UniqueFd> LogFiles::ForWorker(const OpenLog& log) {
  const int fd = log.fd.get();
  struct stat info {};
  const int flags = fcntl(fd, F_GETFL);
  const bool is_known = flags >= 0 && fstat(fd, &info) == 0;
  const bool is_pipe = is_known && S_ISFIFO(info.st_mode);
  const bool appends_only = (flags & O_ACCMODE) == O_WRONLY && (flags & O_APPEND) != 0;
  if (is_pipe || (is_known && S_ISREG(info.st_mode) && !appends_only)) {
    auto own = sys::OpenAnew(fd, O_WRONLY | O_APPEND | O_NOCTTY | (is_pipe ? O_NONBLOCK : 0));
    if (own) return own;
  }
  return sys::Duplicate(fd);
}

LogFiles::Reopened LogFiles::Reopen() {
  Reopened result;
  for (const auto& log : InUse()) {
    if (log->path == "stderr" || log->path.starts_with("/dev/std")) continue;  // nothing there to open anew
    auto fresh = OpenFile(log->path);
    auto redirected = fresh ? sys::Redirect(*fresh, log->fd.get()) : Result<>(tl::unexpected(fresh.error()));
    if (redirected) {
      ++result.files;
    } else {
      result.failures.push_back(redirected.error().message + LogAdvice(log->path, redirected.error()));
    }
  }
  if (auto redirected = RedirectDescriptor2(); !redirected) result.failures.push_back(redirected.error().message);
  return result;
}

void LogFiles::WriteTo(const ipc::Plan& plan, const std::vector<std::shared_ptr<OpenLog>>& logs) {
  std::vector<std::shared_ptr<OpenLog>> written;
  std::vector<log::ErrorLog::Target> targets;
  for (const ipc::PlannedErrorLog& planned : plan.error_logs) {
    written.push_back(logs[planned.log]);
    targets.push_back({written.back()->fd.get(), static_cast<log::Level>(planned.level)});
  }
  log::Main().SetTargets(std::move(targets));
  main_ = std::move(written);
}

Result<> LogFiles::RedirectDescriptor2() const {
  if (main_.empty()) return {};
  return sys::Redirect(main_.front()->fd, STDERR_FILENO);
}

void LogFiles::TakeDescriptor2() const {
  if (auto redirected = RedirectDescriptor2(); !redirected) {
    log::Main().Print(log::Level::kAlert, "master: descriptor 2 stays where it was: {}", redirected.error().message);
  }
}

void LogFiles::LetGoOfLauncher() {
  auto null = sys::OpenFile("/dev/null", O_RDWR);
  if (!null) return;
  for (const sys::UniqueFd* const fd : {&original_stdout_, &original_stderr_}) {
    if (auto redirected = sys::Redirect(*null, fd->get()); !redirected) {
      log::Main().Write(log::Level::kAlert, redirected.error().message);
    }
  }
}

}  // namespace colmeia::resources
