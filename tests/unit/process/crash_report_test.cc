#include "process/crash_report.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/error_log.h"

namespace colmeia::process {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::KilledBySignal;
using ::testing::Not;

// Each test lets a child die, and reads what it said.
class CrashReportDeathTest : public ::testing::Test {
 protected:
  static void Limit(__rlimit_resource_t what, rlim_t soft) {
    rlimit limit{};
    getrlimit(what, &limit);
    limit.rlim_cur = soft;
    setrlimit(what, &limit);
  }
  // In the child: no core file, no handler of a sanitizer in the way.
  static void Install() {
    Limit(RLIMIT_CORE, 0);
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) signal(number, SIG_DFL);
    InstallCrashReport();
  }
  // A byte that nobody may read.
  static void TouchForbidden() {
    auto* const page = static_cast<volatile char*>(mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    static_cast<void>(page[16]);
  }
  // Calls through a null pointer, behind the back of the sanitizers.
  __attribute__((noinline, no_sanitize("address", "undefined"))) static void CallNothing() {
    void (*nothing)() = nullptr;
    asm volatile("" : "+r"(nothing));
    nothing();
    asm volatile("");
  }
  // Uses up the stack.
  __attribute__((noinline)) static int Recurse(int depth) {
    volatile char room[4096];
    room[depth % 4096] = static_cast<char>(depth);
    return depth < 0 ? 0 : Recurse(depth + 1) + room[depth % 4096];
  }
  static ::testing::Matcher<const std::string&> Says(const std::string& text) { return HasSubstr(text); }
};

TEST_F(CrashReportDeathTest, TellsTheFaultAndItsAddress) {
  EXPECT_EXIT(
      {
        Install();
        TouchForbidden();
      },
      KilledBySignal(SIGSEGV),
      AllOf(ContainsRegex("\\[alert\\] [0-9]+#[0-9]+: worker ends by signal 11 \\(SIGSEGV\\), code 2 "
                          "\\(access there is not allowed\\), address 0x[0-9a-f]+010\n"),
            Says("serving no request\n"), ContainsRegex("colmeia [0-9.]+, build id [0-9a-f]+\n")));
}

TEST_F(CrashReportDeathTest, BeginsWithThePlaceOfTheFault) {
  EXPECT_EXIT(
      {
        Install();
        TouchForbidden();
      },
      KilledBySignal(SIGSEGV), ContainsRegex("  #0 /[^\n]*unit_process\\+0x[0-9a-f]+ [^\n]*TouchForbidden"));
}

TEST_F(CrashReportDeathTest, WritesTheLinesThatWereCollectedFirst) {
  EXPECT_EXIT(
      {
        Install();
        log::CollectErrorLines(true);
        log::Main().Write(log::Level::kError, "collected");
        abort();
      },
      KilledBySignal(SIGABRT), ContainsRegex(": collected\n[^\n]*: worker ends by signal 6"));
}

TEST_F(CrashReportDeathTest, TellsTheRequest) {
  EXPECT_EXIT(
      {
        Install();
        pipeline::CurrentRequest serving;
        LendCurrentRequest(&serving);
        const pipeline::CurrentRequest::Scope scope(serving, "GET /a?b HTTP/1.1");
        abort();
      },
      KilledBySignal(SIGABRT),
      AllOf(Says("signal 6 (SIGABRT), raised by itself\n"), Says("  serving \"GET /a?b HTTP/1.1\"\n")));
}

TEST_F(CrashReportDeathTest, ARequestCannotForgeALine) {
  EXPECT_EXIT(
      {
        Install();
        pipeline::CurrentRequest serving;
        LendCurrentRequest(&serving);
        const pipeline::CurrentRequest::Scope scope(serving, "GET /\n\x1b[2J HTTP/1.1");
        abort();
      },
      KilledBySignal(SIGABRT), Says("  serving \"GET /\\x0A\\x1B[2J HTTP/1.1\"\n"));
}

TEST_F(CrashReportDeathTest, AnEndlessRequestIsCut) {
  EXPECT_EXIT(
      {
        Install();
        pipeline::CurrentRequest serving;
        LendCurrentRequest(&serving);
        const std::string line(100'000, 'x');
        const pipeline::CurrentRequest::Scope scope(serving, line);
        abort();
      },
      KilledBySignal(SIGABRT), AllOf(Says("xxx\"...\n"), Not(HasSubstr(std::string(2000, 'x')))));
}

TEST_F(CrashReportDeathTest, ARequestThatIsOverIsNotTold) {
  EXPECT_EXIT(
      {
        Install();
        pipeline::CurrentRequest serving;
        LendCurrentRequest(&serving);
        { const pipeline::CurrentRequest::Scope scope(serving, "GET /a HTTP/1.1"); }
        abort();
      },
      KilledBySignal(SIGABRT), Says("serving no request\n"));
}

TEST_F(CrashReportDeathTest, TellsWhoSentASignal) {
  EXPECT_EXIT(
      {
        Install();
        const pid_t victim = getpid();
        if (fork() == 0) {
          kill(victim, SIGSEGV);
          _exit(0);
        }
        pause();
      },
      KilledBySignal(SIGSEGV), ContainsRegex("signal 11 \\(SIGSEGV\\), sent by process [0-9]+\n"));
}

TEST_F(CrashReportDeathTest, SpeaksWhenTheStackIsUsedUp) {
  EXPECT_EXIT(
      {
        Install();
        Limit(RLIMIT_STACK, 512 * 1024);
        static_cast<void>(Recurse(0));
      },
      KilledBySignal(SIGSEGV), AllOf(Says("signal 11 (SIGSEGV)"), ContainsRegex("#20 [^\n]*Recurse")));
}

TEST_F(CrashReportDeathTest, NamesTheCallerOfABadPointer) {
  EXPECT_EXIT(
      {
        Install();
        CallNothing();
      },
      KilledBySignal(SIGSEGV), ContainsRegex("  #0 0x0\n  #1 [^\n]*CallNothing"));
}

TEST_F(CrashReportDeathTest, LeavesAHandlerAloneThatIsThereAlready) {
  EXPECT_EXIT(
      {
        Limit(RLIMIT_CORE, 0);
        signal(SIGILL, [](int) { _exit(7); });
        InstallCrashReport();
        raise(SIGILL);
      },
      ::testing::ExitedWithCode(7), Says(""));
}

}  // namespace
}  // namespace colmeia::process
