#include "pipeline/regex.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "gtest/gtest.h"

namespace colmeia::pipeline {
namespace {

// As systemd's MemoryDenyWriteExecute= does it: no mapping that can be written and executed, and none made executable
// later.
bool DenyExecutableMemory() {
  constexpr auto kProtection = static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 2 * sizeof(std::uint64_t));
  std::array<sock_filter, 8> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kProtection),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_EXEC),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROT_EXEC, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// The exit code of what runs in a process of its own: a filter is there to stay.
template <class Run>
int InAnotherProcess(Run run) {
  const pid_t child = fork();
  if (child == 0) _exit(run());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(RegexTest, MatchesWithoutExecutableMemory) {
  enum { kMatches, kNotCompiled, kNoMatch, kNoFilter, kFilterLeaks };

  const int ended = InAnotherProcess([] {
    if (!DenyExecutableMemory()) return kNoFilter;
    void* const memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) return kFilterLeaks;
    const auto regex = Regex::Compile(R"(^/(?<year>\d{4})/(.+)\.html$)", false);
    if (!regex) return kNotCompiled;
    std::vector<Capture> captures;
    const bool right = regex->Match("/2026/spring.html", &captures) && captures[1].value == "2026" &&
                       captures[2].value == "spring" && !regex->Match("/26/spring.html", nullptr);
    return right ? kMatches : kNoMatch;
  });

  EXPECT_EQ(ended, kMatches);
}

// What is seen in a pattern without matching it must never say more than the pattern does.
TEST(RegexTest, MatchesWhateverFollowsAPlainBeginning) {
  struct Case {
    const char* pattern;
    const char* subject;
    bool matches;
  };
  static constexpr Case kCases[] = {
      {"^/img/", "/img/a", true},    {"^/img/", "/imh/a", false}, {"^/img", "/im", false},   {"^/ab?c", "/ac", true},
      {"^/ab*", "/a", true},         {"^/ab{0,2}c", "/ac", true}, {"^/ab+", "/ab", true},    {"^/ab+", "/a", false},
      {"^/a|^/b", "/b", true},       {"^/a(b|c)", "/ac", true},   {"^/a\\.b", "/a.b", true}, {"^/a\\.b", "/axb", false},
      {"^/a\\.?b", "/ab", true},     {"^/a\\db", "/a5b", true},   {"^", "", true},           {"^/a(?i)b", "/aB", true},
      {"(?i)^/a", "/A", true},       {"(?m)^/a", "x\n/a", true},  {"^/a.b", "/azb", true},   {"^/[ab]c", "/bc", true},
      {"^/a\\Qb?\\E", "/ab?", true}, {"^/a$", "/ab", false},      {"^/a{", "/a{", true},
  };
  for (const Case& one : kCases) {
    const auto regex = Regex::Compile(one.pattern, false);
    ASSERT_TRUE(regex) << one.pattern;
    EXPECT_EQ(regex->Match(one.subject, nullptr), one.matches) << one.pattern << " on " << one.subject;
  }
  const auto loose = Regex::Compile("^/img/", true);
  ASSERT_TRUE(loose);
  EXPECT_TRUE(loose->Match("/IMG/a", nullptr));
}

}  // namespace
}  // namespace colmeia::pipeline
