#include "process/crash_report.h"

#include <execinfo.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "log/error_log.h"
#include "log/journal.h"
#include "process/module_map.h"
#include "util/escape.h"

namespace colmeia::process {
namespace {

constexpr std::size_t kStackSize = 128 * 1024;
constexpr std::size_t kMostFrames = 64;
constexpr std::size_t kMostOfRequest = 1024;

struct SignalRow {
  int number;
  std::string_view name;
};
constexpr SignalRow kSignals[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"},
};

// What the kernel says of a fault, in si_code.
struct CodeRow {
  int number;
  int code;
  std::string_view meaning;
};
constexpr CodeRow kCodes[] = {
    {SIGSEGV, SEGV_MAPERR, "nothing is mapped there"},
    {SIGSEGV, SEGV_ACCERR, "access there is not allowed"},
    {SIGSEGV, SI_KERNEL, "the address is none at all"},
    {SIGBUS, BUS_ADRALN, "the address is not aligned"},
    {SIGBUS, BUS_ADRERR, "beyond the end of a mapped file"},
    {SIGBUS, BUS_OBJERR, "the hardware failed"},
    {SIGFPE, FPE_INTDIV, "division by zero"},
    {SIGFPE, FPE_INTOVF, "integer overflow"},
    {SIGILL, ILL_ILLOPC, "no such instruction"},
    {SIGILL, ILL_ILLOPN, "no such operand"},
    {SIGILL, ILL_PRVOPC, "a privileged instruction"},
};

// A text that grows in place. What does not fit is left out.
class Page {
 public:
  void Text(std::string_view text) {
    const std::size_t size = std::min(text.size(), bytes_.size() - size_);
    std::copy_n(text.data(), size, bytes_.data() + size_);
    size_ += size;
  }

  void Number(std::int64_t value, std::size_t width = 0, int base = 10) {
    std::array<char, 24> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, base);
    const auto size = static_cast<std::size_t>(end - digits.data());
    for (std::size_t i = size; i < width; ++i) Text("0");
    Text({digits.data(), size});
  }

  void Address(std::uintptr_t value) {
    std::array<char, 24> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
    Text("0x");
    Text({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }

  // What a client sent: nothing of it may end the line or command a terminal.
  void Quoted(std::string_view text) {
    Text("\"");
    util::Escaper escaper(util::EscapeFor::kQuoted, text.substr(0, kMostOfRequest));
    for (std::string_view piece = escaper.Next(); !piece.empty(); piece = escaper.Next()) Text(piece);
    Text(text.size() > kMostOfRequest ? "\"..." : "\"");
  }

  // To descriptor 2, and empty again. To the journal each line goes with its level.
  void Write() {
    std::string_view rest(bytes_.data(), size_);
    size_ = 0;
    if (!log::IsJournal(STDERR_FILENO)) return WriteAll(rest);
    std::array<char, 3> level = {'<', log::JournalDigit(log::Level::kAlert), '>'};
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
      const std::array<iovec, 2> line = {iovec{level.data(), level.size()}, iovec{const_cast<char*>(rest.data()), end}};
      if (writev(STDERR_FILENO, line.data(), static_cast<int>(line.size())) < 0 && errno == EINTR) continue;
      rest.remove_prefix(end);
    }
  }

 private:
  static void WriteAll(std::string_view rest) {
    while (!rest.empty()) {
      const ssize_t done = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(done));
    }
  }

  std::array<char, 16 * 1024> bytes_;
  std::size_t size_ = 0;
};

// What the handler works with: a handler is given nothing, so it has to stand here.
struct Prepared {
  ModuleMap modules;
  Page page;
  std::int64_t utc_offset = 0;  // seconds east of UTC
};
Prepared* prepared = nullptr;  // made once, lives as long as the process
std::atomic<const pipeline::CurrentRequest*> lent_serving{nullptr};
std::atomic<scoreboard::SlotWriter*> lent_slot{nullptr};

// "2026/11/23 11:34:00 [alert] 1234#1234: ", as in the lines of log::ErrorLog.
void WriteStamp(Page& page) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const std::chrono::seconds local(now.tv_sec + prepared->utc_offset);
  const auto days = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  const auto time = local - days;
  page.Number(static_cast<int>(date.year()));
  page.Text("/");
  page.Number(static_cast<unsigned>(date.month()), 2);
  page.Text("/");
  page.Number(static_cast<unsigned>(date.day()), 2);
  page.Text(" ");
  page.Number(time.count() / 3600, 2);
  page.Text(":");
  page.Number(time.count() / 60 % 60, 2);
  page.Text(":");
  page.Number(time.count() % 60, 2);
  page.Text(" [alert] ");
  page.Number(getpid());
  page.Text("#");
  page.Number(gettid());
  page.Text(": ");
}

void WriteCause(Page& page, int number, const siginfo_t& info) {
  page.Text("worker ends by signal ");
  page.Number(number);
  for (const SignalRow& row : kSignals) {
    if (row.number != number) continue;
    page.Text(" (");
    page.Text(row.name);
    page.Text(")");
  }
  if (info.si_code <= 0) {
    if (info.si_pid == getpid()) {
      page.Text(", raised by itself");
    } else {
      page.Text(info.si_pid == getppid() ? ", sent by the master, pid " : ", sent by process ");
      page.Number(info.si_pid);
    }
    page.Text("\n");
    return;
  }
  page.Text(", code ");
  page.Number(info.si_code);
  for (const CodeRow& row : kCodes) {
    if (row.number != number || row.code != info.si_code) continue;
    page.Text(" (");
    page.Text(row.meaning);
    page.Text(")");
  }
  if (info.si_code != SI_KERNEL) {
    page.Text(", address ");
    page.Address(reinterpret_cast<std::uintptr_t>(info.si_addr));
  }
  page.Text("\n");
}

void WriteFacts(Page& page) {
  const pipeline::CurrentRequest* const serving = lent_serving.load(std::memory_order_relaxed);
  if (const std::string_view line = serving != nullptr ? serving->line() : std::string_view(); !line.empty()) {
    page.Text("  serving ");
    page.Quoted(line);
    page.Text("\n");
    if (scoreboard::SlotWriter* const slot = lent_slot.load(std::memory_order_relaxed)) slot->SayLast(line);
  } else {
    page.Text("  serving no request\n");
  }
  page.Text("  colmeia " COLMEIA_VERSION);
  if (const std::string_view id = prepared->modules.build_id(); !id.empty()) {
    page.Text(", build id ");
    page.Text(id);
  }
  page.Text("\n");
}

void WriteFrame(Page& page, std::size_t index, std::uintptr_t address) {
  const ModuleMap::Place place = prepared->modules.Find(address);
  page.Text("  #");
  page.Number(static_cast<std::int64_t>(index));
  page.Text(" ");
  if (place.file.empty()) {
    page.Address(address);
  } else {
    page.Text(place.file);
    page.Text("+");
    page.Address(place.offset);
  }
  if (!place.function.empty()) {
    page.Text(" ");
    page.Text(place.function);
  }
  page.Text("\n");
}

// Where the thread was when the signal came; kUnknown where we do not know how to ask.
constexpr std::uintptr_t kUnknown = UINTPTR_MAX;
std::uintptr_t ProgramCounter(const void* context) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.pc);
#else
  static_cast<void>(context);
  return kUnknown;
#endif
}

// REQUIRES: the thread was called, and has done nothing since.
std::uintptr_t CallerOf(const void* context) {
#if defined(__x86_64__)
  return *reinterpret_cast<const std::uintptr_t*>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.regs[30]);
#else
  static_cast<void>(context);
  return kUnknown;
#endif
}

// From the place where the signal came, without the frames of this handler above it. A frame's address is that of the
// instruction after the call, which may be another function's already; the byte before it belongs to the call.
void WriteFrames(Page& page, const siginfo_t& info, const void* context) {
  const std::uintptr_t here = ProgramCounter(context);
  const bool is_memory = info.si_code > 0 && (info.si_signo == SIGSEGV || info.si_signo == SIGBUS);
  const bool was_led_astray = is_memory && reinterpret_cast<std::uintptr_t>(info.si_addr) == here;
  if (was_led_astray) {  // a call through a bad pointer: no unwinder finds its way from there
    WriteFrame(page, 0, here);
    return WriteFrame(page, 1, CallerOf(context) - 1);
  }
  std::array<void*, kMostFrames> frames{};
  const int count = backtrace(frames.data(), static_cast<int>(frames.size()));
  const auto end = frames.begin() + std::max(count, 0);
  auto at = std::find(frames.begin(), end, reinterpret_cast<void*>(here));
  std::size_t index = 0;
  if (here != kUnknown) WriteFrame(page, index++, here);
  at = at == end ? frames.begin() : at + 1;
  for (; at != end; ++at) WriteFrame(page, index++, reinterpret_cast<std::uintptr_t>(*at) - 1);
}

void RestoreDefaults() {
  for (const SignalRow& row : kSignals) {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    sigaction(row.number, &action, nullptr);
  }
}

// Runs once: from its first step on every fault, its own included, ends the process.
void OnCrash(int number, siginfo_t* info, void* context) noexcept {
  RestoreDefaults();
  log::FlushErrorLines();
  Page& page = prepared->page;
  WriteStamp(page);
  WriteCause(page, number, *info);
  WriteFacts(page);
  page.Write();  // before the stack is walked, which may be what is broken
  WriteFrames(page, *info, context);
  page.Write();
  // A fault comes again when the handler returns, with all that the kernel knows of it in the core dump. A signal that
  // was sent does not: it is sent again, and waits for the return.
  if (info->si_code <= 0) syscall(SYS_tgkill, getpid(), gettid(), number);
}

// The process's own stack may have been used up; this one has a page below it that stops it from growing over.
bool UseOwnStack() {
  const auto guard = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const memory =
      mmap(nullptr, guard + kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  mprotect(memory, guard, PROT_NONE);
  stack_t stack{};
  stack.ss_sp = static_cast<char*>(memory) + guard;
  stack.ss_size = kStackSize;
  return sigaltstack(&stack, nullptr) == 0;
}

std::int64_t UtcOffset() {
  const time_t now = time(nullptr);
  tm local{};
  localtime_r(&now, &local);
  return local.tm_gmtoff;
}

}  // namespace

void InstallCrashReport() {
  if (prepared != nullptr) return;
  prepared = new Prepared;
  prepared->modules.Load();
  prepared->utc_offset = UtcOffset();
  // The first backtrace loads the unwinder, which a handler must not.
  std::array<void*, 1> frame{};
  static_cast<void>(backtrace(frame.data(), static_cast<int>(frame.size())));
  // The first question reads the environment.
  static_cast<void>(log::IsJournal(STDERR_FILENO));

  struct sigaction action {};
  action.sa_sigaction = OnCrash;
  action.sa_flags = SA_SIGINFO | (UseOwnStack() ? SA_ONSTACK : 0);
  sigemptyset(&action.sa_mask);
  for (const SignalRow& row : kSignals) {
    struct sigaction present {};
    sigaction(row.number, nullptr, &present);
    const bool is_free = (present.sa_flags & SA_SIGINFO) == 0 && present.sa_handler == SIG_DFL;
    if (is_free) sigaction(row.number, &action, nullptr);
  }
}

void LendCurrentRequest(const pipeline::CurrentRequest* serving, scoreboard::SlotWriter* slot) {
  lent_serving.store(serving, std::memory_order_relaxed);
  lent_slot.store(slot, std::memory_order_relaxed);
}

}  // namespace colmeia::process
