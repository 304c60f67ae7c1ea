#include "lab/stage.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "sys/error.h"
#include "sys/files.h"
#include "sys/privileges.h"
#include "sys/unique_fd.h"
#include "util/clock.h"
#include "util/strings.h"

namespace colmeia::lab {
namespace {

// The pipe of the stage that this process belongs to; -1 outside of one.
int stage_output = -1;

constexpr std::string_view kNumbers = "numbers";
constexpr std::string_view kNote = "note ";
constexpr std::string_view kFailed = "failed ";
constexpr int kLongWait = 100;  // milliseconds, while there may be something to hear
constexpr int kShortWait = 5;   // when all was said and its end is due

// A fork of this process whose death is tied to ours.
pid_t ForkTied() {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  // The parent may have died before the first of these took effect.
  if (!sys::SetParentDeathSignal(SIGKILL) || getppid() != parent) _exit(1);
  return 0;
}

[[noreturn]] void Perform(const Exhibit& exhibit, const Setting& setting, int output) {
  stage_output = output;
  setpgid(0, 0);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
  Pin(setting.placement.cpus);
  const Measured measured = exhibit.run(setting);
  // Failure means that nobody listens any more.
  [[maybe_unused]] const auto written = sys::WriteAll(output, FormatReport(measured), "the stage's pipe");
  _exit(0);
}

// What a stage has said so far, and how it ended.
StageResult Conclude(const std::string& said, int status) {
  if (!said.empty()) return ParseReport(said);
  StageResult result;
  result.why = WIFSIGNALED(status)
                   ? fmt::format("it was ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)))
                   : fmt::format("it ended with status {} and said nothing", WEXITSTATUS(status));
  return result;
}

}  // namespace

StageResult RunStage(const Exhibit& exhibit, const Setting& setting, std::chrono::milliseconds limit,
                     const std::function<bool()>& watch) {
  StageResult result;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    result.why = sys::ErrnoError("cannot make a pipe").message;
    return result;
  }
  sys::UniqueFd read_end(ends[0]);
  sys::UniqueFd write_end(ends[1]);
  const pid_t pid = ForkTied();
  if (pid < 0) {
    result.why = sys::ErrnoError("cannot start a process").message;
    return result;
  }
  if (pid == 0) {
    read_end.reset();
    Perform(exhibit, setting, write_end.get());
  }
  setpgid(pid, pid);  // whoever of the two comes first
  write_end.reset();

  // Processes that the stage leaves behind may hold the pipe open, so the end of their leader counts and not the
  // pipe's.
  const util::TimePoint deadline = util::Now() + limit;
  std::string said;
  std::optional<int> status;
  bool all_said = false;
  const auto listen = [&](int timeout) {
    pollfd wait{all_said ? -1 : read_end.get(), POLLIN, 0};
    if (poll(&wait, 1, timeout) <= 0) return false;
    std::array<char, 4096> buffer;
    const ssize_t got = read(read_end.get(), buffer.data(), buffer.size());
    if (got > 0) said.append(buffer.data(), static_cast<std::size_t>(got));
    all_said = got == 0;
    return got > 0;
  };
  while (!status) {
    listen(all_said ? kShortWait : kLongWait);
    int ended = 0;
    if (waitpid(pid, &ended, WNOHANG) == pid) {
      status = ended;
      break;
    }
    const bool stopped = !watch();
    if (stopped || util::Now() > deadline) {
      kill(-pid, SIGKILL);
      waitpid(pid, nullptr, 0);
      result.state = stopped ? StageResult::State::kInterrupted : StageResult::State::kUnavailable;
      result.why = stopped ? "interrupted" : fmt::format("it was still running after {} s", limit.count() / 1000);
      return result;
    }
  }
  kill(-pid, SIGKILL);  // what it left behind; nothing, as a rule
  while (listen(0)) {   // what came between the last look and its end
  }
  return Conclude(said, *status);
}

void GiveUp(std::string_view what, int code) {
  std::string text = code == 0 ? std::string(what) : sys::ErrnoError(std::string(what), code).message;
  std::replace(text.begin(), text.end(), '\n', ' ');
  const bool in_stage = stage_output >= 0;
  [[maybe_unused]] const auto written =
      sys::WriteAll(in_stage ? stage_output : STDERR_FILENO, fmt::format("{}{}\n", kFailed, text), "the stage's pipe");
  // Whoever of the stage's processes gives up ends the others too: they would wait for it.
  if (in_stage) kill(0, SIGKILL);
  _exit(1);
}

void GiveUpWithErrno(const char* what) { GiveUp(what, errno); }

void Pin(const std::vector<unsigned>& cpus) { Value(sys::SetAffinity(cpus)); }

void Pin(unsigned cpu) { Pin(std::vector<unsigned>{cpu}); }

Child::Child(const std::function<void()>& body) : pid_(Must(ForkTied(), "cannot start a process")) {
  if (pid_ != 0) return;
  body();
  _exit(0);
}

Child::~Child() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  Wait();
}

void Child::Wait() {
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

void* SharedMemory(std::size_t size) {
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) GiveUpWithErrno("cannot map shared memory");
  return memory;
}

double PrivateMemory(pid_t pid) {
  const auto text = sys::ReadFile(fmt::format("/proc/{}/smaps_rollup", pid));
  if (!text) return std::numeric_limits<double>::quiet_NaN();
  double kib = 0;
  for (const std::string_view line : util::Split(*text, '\n')) {
    if (!line.starts_with("Private_")) continue;
    const std::string_view amount = util::Trim(line.substr(line.find(':') + 1));
    kib += static_cast<double>(util::ParseNumber<std::uint64_t>(amount.substr(0, amount.find(' '))).value_or(0));
  }
  return kib * 1024;
}

std::string FormatReport(const Measured& measured) {
  std::string text(kNumbers);
  for (const double value : measured.values) fmt::format_to(std::back_inserter(text), " {}", value);
  text += '\n';
  if (!measured.note.empty()) text += fmt::format("{}{}\n", kNote, measured.note);
  return text;
}

StageResult ParseReport(std::string_view text) {
  StageResult result;
  bool has_numbers = false;
  for (const std::string_view line : util::Split(text, '\n')) {
    if (line.starts_with(kFailed)) {
      result.why = line.substr(kFailed.size());
      return result;
    }
    if (line.starts_with(kNote)) result.measured.note = line.substr(kNote.size());
    if (!line.starts_with(kNumbers)) continue;
    has_numbers = true;
    for (const std::string_view word : util::Split(line.substr(kNumbers.size()), ' ')) {
      if (!word.empty()) result.measured.values.push_back(std::strtod(std::string(word).c_str(), nullptr));
    }
  }
  if (has_numbers) {
    result.state = StageResult::State::kMeasured;
  } else {
    result.why = "it said nothing that could be understood";
  }
  return result;
}

}  // namespace colmeia::lab
