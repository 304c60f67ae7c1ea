#include "site/regex.h"

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
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::site {
namespace {

// Of sanitizers, which make everything slower; they are no machine that anybody serves with.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kPatience = 10;
#else
constexpr double kPatience = 1;
#endif

Matched Match(const Regex& regex, std::string_view subject, Values* values = nullptr) {
  MatchFailure failure;
  const Matched matched = regex.Match(subject, values, failure);
  EXPECT_EQ(static_cast<bool>(failure), matched == Matched::kFailed);
  return matched;
}

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
    Values values;
    const bool right = Match(*regex, "/2026/spring.html", &values) == Matched::kYes && values.groups[1] == "2026" &&
                       values.groups[2] == "spring" && Match(*regex, "/26/spring.html") == Matched::kNo;
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
      {"^/img/", "/img/a", true},
      {"^/img/", "/imh/a", false},
      {"^/img", "/im", false},
      {"^/ab?c", "/ac", true},
      {"^/ab*", "/a", true},
      {"^/ab{0,2}c", "/ac", true},
      {"^/ab+", "/ab", true},
      {"^/ab+", "/a", false},
      {"^/a|^/b", "/b", true},
      {"^/a(b|c)", "/ac", true},
      {"^/a\\.b", "/a.b", true},
      {"^/a\\.b", "/axb", false},
      {"^/a\\.?b", "/ab", true},
      {"^/a\\db", "/a5b", true},
      {"^", "", true},
      {"^/a(?i)b", "/aB", true},
      {"(?i)^/a", "/A", true},
      {"(?m)^/a", "x\n/a", true},
      {"^/a.b", "/azb", true},
      {"^/[ab]c", "/bc", true},
      {"^/ab\\E?c", "/ac", true},
      {"^/ab(?#or not)?c", "/ac", true},
      {"^/a\\Qb?\\E", "/ab?", true},
      {"^/a$", "/ab", false},
      {"^/a{", "/a{", true},
  };
  for (const Case& one : kCases) {
    const auto regex = Regex::Compile(one.pattern, false);
    ASSERT_TRUE(regex) << one.pattern;
    EXPECT_EQ(Match(*regex, one.subject), one.matches ? Matched::kYes : Matched::kNo)
        << one.pattern << " on " << one.subject;
  }
  const auto loose = Regex::Compile("^/img/", true);
  ASSERT_TRUE(loose);
  EXPECT_EQ(Match(*loose, "/IMG/a"), Matched::kYes);
}

// Patterns that are meant to stray, on subjects of every size: each verdict comes soon, and none is "no" for want of
// patience. Measured in processor time, so that a busy machine changes nothing.
TEST(RegexTest, HoldsNobodyForLong) {
  static constexpr const char* kPatterns[] = {
      "(\\w+)+x$",          "(a+a+)+x$",         "^/(a|aa)+x$",      "^/(.*a){12}x$", "^/(.*)*x$",
      "[a-z]+[a-z]+x$",     "a*a*a*a*x$",        "^/(a*)(?1)(?1)x$", "^/(\\w+/?)*x$", "^/(([a-z])+.)+[A-Z]([a-z])+$",
      "(?=.*a)(?=.*x).*x$", "(a*)\\1x$",         "(a*)(a*)\\2\\1x$", "^/.*.*.*x$",    "^/(a?){40}a{40}x$",
      "^/((a*)*)*x$",       "(?:a|a)*(a*)\\1x$",
  };
  for (const char* const pattern : kPatterns) {
    const auto regex = Regex::Compile(pattern, false);
    ASSERT_TRUE(regex) << pattern;
    for (const std::size_t size : {30U, 200U, 1000U, 8000U, 60000U}) {
      const std::string subject = "/" + std::string(size, 'a') + "x!";
      const std::clock_t began = std::clock();
      const Matched matched = Match(*regex, subject);
      const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
      EXPECT_NE(matched, Matched::kYes) << pattern << ' ' << size;
      EXPECT_LT(seconds, 0.1 * kPatience) << pattern << ' ' << size;
    }
  }
}

TEST(RegexTest, AFailureIsNoAnswer) {
  const auto regex = Regex::Compile(R"(^/(\w+)+\.pem$)", false);
  ASSERT_TRUE(regex);
  MatchFailure failure;
  Values values;
  values.groups = {"value"};
  values.Set(3, "old");
  const std::string subject = "/" + std::string(40, 'a') + ".pem!";

  EXPECT_EQ(regex->Match(subject, &values, failure), Matched::kFailed);

  EXPECT_EQ(failure.Text(), "pcre2_match() failed: -47 on \"" + subject + "\" using \"^/(\\w+)+\\.pem$\"");
  ASSERT_EQ(values.groups.size(), 1U);
  EXPECT_EQ(values.groups[0], "value");
  EXPECT_EQ(values.At(3).value, "old");
  MatchFailure none;
  EXPECT_EQ(regex->Match("/a.pem", nullptr, none), Matched::kYes);
  EXPECT_FALSE(none);
}

TEST(RegexTest, NamedGroupsAreVariables) {
  VariableTable table({});
  const VariableNames names{.built_in = {}, .own = &table};
  const auto year = Regex::Compile(R"(^/(?<Year>\d+)/)", false, names);
  const auto name = Regex::Compile(R"(/(?<name>\w+)(?<ending>\.\w+)?$)", false, names);
  ASSERT_TRUE(year && name);
  Values values;

  EXPECT_EQ(Match(*year, "/2026/spring", &values), Matched::kYes);
  EXPECT_EQ(Match(*name, "/2026/spring", &values), Matched::kYes);

  // Numbered groups are those of the last match, named ones of all.
  EXPECT_THAT(values.groups, testing::ElementsAre("/spring", "spring"));
  EXPECT_EQ(values.At(table.Find("year")->slot).value, "2026");
  EXPECT_EQ(values.At(table.Find("name")->slot).value, "spring");
  EXPECT_EQ(values.At(table.Find("ending")->slot).value, "");
  EXPECT_EQ(table.Find("Year"), nullptr);
}

// The stack of compiled patterns grows far enough for the longest path that the default configuration takes.
TEST(RegexTest, MatchesLongPathsOneByteAtATime) {
  const auto regex = Regex::Compile(R"(^/(.|\n)*\.key$)", false);
  ASSERT_TRUE(regex);

  EXPECT_EQ(Match(*regex, "/" + std::string(8180, 'a') + ".key"), Matched::kYes);
  EXPECT_EQ(Match(*regex, "/" + std::string(8180, 'a') + ".kex"), Matched::kNo);
}

// A subject is tried a few places at a time: what the places have to do with each other stays.
TEST(RegexTest, MatchesWhereverItBegins) {
  struct Case {
    const char* pattern;
    std::string subject;
    Matched matched;
  };
  const std::string far(100, '-');
  const Case cases[] = {
      {"a+b", far + "aab", Matched::kYes},
      {"a+b", far + "aac", Matched::kNo},
      {"a+b", std::string(15, '-') + "ab", Matched::kYes},
      {"a+b", std::string(16, '-') + "ab", Matched::kYes},
      {"(?<=-)a+b", far + "aab", Matched::kYes},
      {"(?<!-)a+b", far + "ab", Matched::kNo},
      {"a+$", far + "a", Matched::kYes},
      {"x*$", far, Matched::kYes},
      {"\\Ga+", far + "a", Matched::kNo},
      {"-(*COMMIT)a+", far + "a", Matched::kNo},
      {"-+(*SKIP)b|a+", far + "a", Matched::kYes},
      {"(?m)^a+", far + "\na", Matched::kYes},
      {"a+", std::string(), Matched::kNo},
      {"(*UTF)\xc3\xbc+", far + "\xc3\xbc", Matched::kYes},
      {"(*UTF)a+", far + "\xff", Matched::kFailed},
  };
  for (const Case& one : cases) {
    const auto regex = Regex::Compile(one.pattern, false);
    ASSERT_TRUE(regex) << one.pattern;
    EXPECT_EQ(Match(*regex, one.subject), one.matched) << one.pattern << " on " << one.subject;
  }
}

}  // namespace
}  // namespace colmeia::site
