// What it costs to have somebody new: a thread, a fork, a fork of a large process, an exec.
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "lab/clock.h"
#include "lab/families.h"
#include "lab/stage.h"
#include "lab/stats.h"
#include "sys/files.h"
#include "util/strings.h"

namespace colmeia::lab {
namespace {

constexpr Column kColumns[] = {
    {"created_p50", "until created p50", Unit::kNanoseconds}, {"created_p99", "p99", Unit::kNanoseconds},
    {"ended_p50", "until ended p50", Unit::kNanoseconds},     {"ended_p99", "p99", Unit::kNanoseconds},
    {"per_second", "in a second", Unit::kPerSecond},          {"memory", "its own memory", Unit::kBytes},
};

constexpr Chart kCharts[] = {
    {"Until the call that creates returns: p50, and on to p99", "created_p50", "created_p99", true,
     "Shorter is better: it is how long the maker stands still; posix_spawn(3) returns only when the new program runs, "
     "fork(2) before anything of the child has, so compare these two in the chart below."},
    {"Until what was created has ended and was waited for: p50, and on to p99", "ended_p50", "ended_p99", true,
     "Shorter is better: a thread shares everything, a fork copies page tables, a program also has to be loaded, and "
     "from a large process only the one that copies nothing is not slower."},
};

constexpr Family kFamily{
    "birth",
    "Having somebody new",
    "One after the other, each waited for. Until created: what its maker waits for the call. Until ended: till it has "
    "done nothing and is gone. Its own memory: what it does not share with its maker, as it ends.",
    kColumns,
    kCharts,
};

constexpr auto kTime = std::chrono::milliseconds(400);
constexpr std::size_t kLarge = std::size_t{256} << 20;

// Makes one, waits for it, and says when the call had returned.
struct Sample {
  Clock::time_point created;
  Clock::time_point ended;
};

Measured Repeat(const Setting& setting, const std::function<Sample()>& once, double memory) {
  std::vector<double> created;
  std::vector<double> ended;
  once();
  const auto end = Clock::now() + setting.Share(kTime);
  while (created.size() < 20'000 && (Clock::now() < end || created.size() < 10)) {
    const auto begin = Clock::now();
    const Sample sample = once();
    created.push_back(Nanoseconds(sample.created - begin));
    ended.push_back(Nanoseconds(sample.ended - begin));
  }
  const Summary creating = Summarize(created);
  const Summary ending = Summarize(ended);
  Measured measured;
  measured.values = {creating.p50, creating.p99, ending.p50, ending.p99, 1e9 / ending.mean, memory};
  return measured;
}

void Reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) GiveUp("a child did not end well", 0);
}

// The private memory of a child that is at the end of what it does, told by itself through shared memory.
template <class Start>
double MemoryOf(Start start) {
  auto& told = Shared<double>();
  start(told);
  return told;
}

Measured Thread(const Setting& setting) {
  const auto once = [] {
    std::thread thread([] {});
    Sample sample;
    sample.created = Clock::now();
    thread.join();
    sample.ended = Clock::now();
    return sample;
  };
  once();  // the first one brings the allocator's arena along
  const double before = PrivateMemory(getpid());
  double during = 0;
  std::thread([&] { during = PrivateMemory(getpid()); }).join();
  return Repeat(setting, once, std::max(0.0, during - before));
}

Sample ForkOnce() {
  const pid_t pid = Must(fork(), "cannot fork");
  if (pid == 0) _exit(0);
  Sample sample;
  sample.created = Clock::now();
  Reap(pid);
  sample.ended = Clock::now();
  return sample;
}

double MemoryOfFork() {
  return MemoryOf([](double& told) {
    const pid_t pid = Must(fork(), "cannot fork");
    if (pid == 0) {
      told = PrivateMemory(getpid());
      _exit(0);
    }
    Reap(pid);
  });
}

Measured SmallFork(const Setting& setting) { return Repeat(setting, ForkOnce, MemoryOfFork()); }

std::size_t AvailableMemory() {
  const auto text = sys::ReadFile("/proc/meminfo");
  if (!text) return 0;
  for (const std::string_view line : util::Split(*text, '\n')) {
    if (!line.starts_with("MemAvailable:")) continue;
    const std::string_view amount = util::Trim(line.substr(line.find(':') + 1));
    return util::ParseNumber<std::size_t>(amount.substr(0, amount.find(' '))).value_or(0) * 1024;
  }
  return 0;
}

// Memory of which every page was written. Ordinary pages, as a heap that grew has them: huge ones need few page tables,
// and copying these is what a fork of a large process takes its time for.
std::size_t BecomeLarge(const Setting& setting) {
  const std::size_t size = std::min(setting.quick ? kLarge / 8 : kLarge, AvailableMemory() / 4 / 4096 * 4096);
  if (size == 0) GiveUp("there is no memory to spare", 0);
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) GiveUpWithErrno("cannot get memory");
  madvise(memory, size, MADV_NOHUGEPAGE);
  std::memset(memory, 1, size);
  return size;
}

std::string LargeNote(std::size_t size) { return fmt::format("with {} MiB resident", size >> 20); }

Measured LargeFork(const Setting& setting) {
  const std::size_t size = BecomeLarge(setting);
  Measured measured = Repeat(setting, ForkOnce, MemoryOfFork());
  measured.note = LargeNote(size);
  return measured;
}

// A program that does nothing: the least that can be run, or this one, which brings its libraries along.
constexpr const char* kTrue = "/bin/true";
constexpr const char* kSelf = "/proc/self/exe";

Sample SpawnOnce(const char* program) {
  std::string name(program);
  std::string verb("nothing");
  const std::array<char*, 3> arguments{name.data(), verb.data(), nullptr};
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, program, nullptr, nullptr, arguments.data(), environ);
  if (failed != 0) GiveUp(fmt::format("cannot run {}", program), failed);
  Sample sample;
  sample.created = Clock::now();
  Reap(pid);
  sample.ended = Clock::now();
  return sample;
}

Sample ForkAndExec(const char* program) {
  const pid_t pid = Must(fork(), "cannot fork");
  if (pid == 0) {
    execl(program, program, "nothing", nullptr);
    _exit(127);
  }
  Sample sample;
  sample.created = Clock::now();
  Reap(pid);
  sample.ended = Clock::now();
  return sample;
}

// A program that ended tells no more of its memory than the most it had, shared pages included.
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

Measured Exec(const Setting& setting) {
  return Repeat(
      setting, [] { return ForkAndExec(kTrue); }, kUnknown);
}

Measured ExecSelf(const Setting& setting) {
  return Repeat(
      setting, [] { return SpawnOnce(kSelf); }, kUnknown);
}

Measured LargeSpawn(const Setting& setting) {
  const std::size_t size = BecomeLarge(setting);
  Measured measured = Repeat(
      setting, [] { return SpawnOnce(kTrue); }, kUnknown);
  measured.note = LargeNote(size);
  return measured;
}

}  // namespace

std::vector<Exhibit> BirthExhibits() {
  return {
      {"thread", "thread", "pthread_create(3), joined", "src/loop/work.h", &kFamily, Thread},
      {"fork-small", "fork, small", "fork(2) of a process with a few MiB; the child ends at once", "src/app/launch.cc",
       &kFamily, SmallFork},
      {"fork-large", "fork, large", "the same with much memory resident: its page tables are copied", "", &kFamily,
       LargeFork, false, std::chrono::milliseconds(1500)},
      {"exec", "fork and exec", "fork(2), then execve(2) of /bin/true", "", &kFamily, Exec},
      {"spawn-large", "spawn from large",
       "posix_spawn(3), which copies no page tables (CLONE_VFORK), from a large process", "", &kFamily, LargeSpawn,
       false, std::chrono::milliseconds(1500)},
      {"spawn-self", "spawn of ourselves", "posix_spawn(3) of this very program, with the libraries that it brings",
       "src/loop/process.cc", &kFamily, ExecSelf},
  };
}

}  // namespace colmeia::lab
