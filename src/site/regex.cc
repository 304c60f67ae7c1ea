#include "site/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <ctime>

#include <fmt/core.h>

#include "util/escape.h"
#include "util/strings.h"

namespace colmeia::site {
namespace {

struct MatchDataFree {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

struct MatchContextFree {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

struct JitStackFree {
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};

// How long a match may take. PCRE2 counts steps back, from each place of the subject anew where a match may begin. One
// costs 2 to 25 ns in compiled code and 12 to 170 ns in the interpreter, and where it runs over the rest of the subject
// first 0.65 ns a byte. So the longer the subject is, the fewer steps there are; "(.|\n)*x" needs two a byte, which are
// 16,000 for the longest path of the default configuration. All measured: the worst of 30 patterns that are made to go
// astray takes 40 ms, on subjects of 30 to 60,000 bytes.
constexpr std::uint64_t kStepBytes = 140'000'000;
constexpr std::uint64_t kLongStepBytes = 60'000'000;  // of subjects that only larger buffers than usual let in
constexpr std::size_t kLongSubject = 8192;
constexpr std::uint64_t kSteps = 500'000;  // of a pattern that begins at one place
constexpr std::uint64_t kInterpreterSteps = 200'000;
constexpr std::uint64_t kStepsOfAStart = 32'000;  // of others
constexpr std::uint64_t kInterpreterStepsOfAStart = 20'000;
// Comparing with what a group has found is no step, but may take as long as the subject.
constexpr std::uint64_t kComparedBytes = 32'000'000;
// Patterns that may begin anywhere are tried from a few places at a time, and between two times the clock is asked.
constexpr std::size_t kStartsAtOnce = 16;
constexpr std::size_t kStartBytesAtOnce = 8000;  // fewer of a long subject
constexpr std::chrono::milliseconds kLongest{5};
constexpr std::size_t kShortSubject = 1000;

constexpr std::size_t kJitStackStart = 32 * 1024;
constexpr std::size_t kJitStackMost = 1024 * 1024;  // enough for "(.|\n)*" over 64 KiB; PCRE2's own is 32 KiB

// Whether a match takes long. Time that the machine gave to others does not count. To ask for the processor's time
// costs a system call: for a short subject, whose places are soon done with, the first time over the limit does so.
class Stopwatch {
 public:
  explicit Stopwatch(std::size_t subject_size) {
    if (subject_size > kShortSubject) used_ = ProcessorTime();
  }

  bool IsOver() {
    if (std::chrono::steady_clock::now() - started_ < kLongest) return false;
    const std::chrono::nanoseconds used = ProcessorTime();
    if (used_ == std::chrono::nanoseconds::zero()) used_ = used;
    return used - used_ > kLongest;
  }

 private:
  static std::chrono::nanoseconds ProcessorTime() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  }

  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::nanoseconds used_{};  // where counting begins
};

// What every match runs with: one for all patterns, like the match data below. Null when there is no memory.
pcre2_match_context* SharedContext() {
  static std::unique_ptr<pcre2_jit_stack, JitStackFree> stack;
  static std::unique_ptr<pcre2_match_context, MatchContextFree> context;
  if (!context) {
    context.reset(pcre2_match_context_create(nullptr));
    stack.reset(pcre2_jit_stack_create(kJitStackStart, kJitStackMost, nullptr));
    if (context) pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  }
  return context.get();
}

std::string ErrorText(int error) {
  PCRE2_UCHAR text[256];
  if (pcre2_get_error_message(error, text, sizeof text) < 0) return "unknown error";
  return reinterpret_cast<const char*>(text);
}

// Where every match puts its groups: one for all patterns, since a process of ours has one thread and a thousand of
// them would push each other out of the CPU's cache. Null when there is no memory.
pcre2_match_data* SharedMatchData(std::uint32_t pairs) {
  static std::unique_ptr<pcre2_match_data, MatchDataFree> data;
  if (!data || pcre2_get_ovector_count(data.get()) < pairs) data.reset(pcre2_match_data_create(pairs, nullptr));
  return data.get();
}

// The text that every match begins with, as far as it is plain to see: what follows "^" up to the first character that
// means something, in a pattern without alternatives. "" says nothing.
std::string PlainBeginning(std::string_view pattern) {
  std::string beginning;
  if (!pattern.starts_with('^') || pattern.find('|') != std::string_view::npos) return beginning;
  std::string_view rest = pattern.substr(1);
  while (!rest.empty()) {
    // Before punctuation a backslash only takes its meaning away.
    const bool escaped = rest.size() > 1 && rest[0] == '\\' && std::ispunct(static_cast<unsigned char>(rest[1])) != 0;
    const char next = rest[escaped ? 1 : 0];
    const bool plain = std::isalnum(static_cast<unsigned char>(next)) != 0 || next == '/' || next == '-' || next == '_';
    if (!escaped && !plain) break;
    beginning += next;
    rest.remove_prefix(escaped ? 2 : 1);
  }
  // It may be there or not. What means nothing, "\\E" and a comment, may stand between it and the word that says so.
  static constexpr std::string_view kQuantifiers = "?*+{";
  const bool doubtful = !rest.empty() && (kQuantifiers.find(rest[0]) != std::string_view::npos ||
                                          rest.starts_with("\\E") || rest.starts_with("(?#"));
  if (!beginning.empty() && doubtful) beginning.pop_back();
  return beginning;
}

}  // namespace

std::string MatchFailure::Text() const {
  return fmt::format("pcre2_match() failed: {} on \"{}\" using \"{}\"", code,
                     util::Escaped(util::EscapeFor::kQuoted, subject), *pattern);
}

struct Regex::Code {
  struct Free {
    void operator()(pcre2_code* compiled) const { pcre2_code_free(compiled); }
  };
  // Where a match of a pattern may begin.
  enum class Starts : std::uint8_t {
    kOne,    // at one place, or where it does is its own affair: one call
    kCheap,  // anywhere, and each place is soon done with: one call
    kMany,   // anywhere: a few places a call
  };
  // A row of the table of named groups: two bytes of group number, most significant first, then the name.
  struct GroupName {
    std::uint32_t group;
    std::string name;
    std::uint32_t slot = 0;  // of its variable
  };
  static std::vector<GroupName> GroupNames(const pcre2_code* compiled);
  static Starts StartsOf(std::string_view pattern, const pcre2_code* compiled);
  // PCRE2's verdict: how many groups the match has, or a negative code.
  int Run(std::string_view subject, pcre2_match_data* data, pcre2_match_context* context) const;

  std::string beginning;  // of every subject that matches: spares most patterns of a long list the matching
  std::string pattern;
  std::unique_ptr<pcre2_code, Free> code;
  std::uint32_t pairs = 1;  // of offsets that a match needs: the whole one's and each group's
  bool jit = false;         // else the interpreter matches
  bool utf = false;         // (*UTF): the subject has to be checked
  bool compares = false;    // with what a group has found
  Starts starts = Starts::kMany;
  std::vector<GroupName> groups;  // those that are variables
};

Regex::Code::Starts Regex::Code::StartsOf(std::string_view pattern, const pcre2_code* compiled) {
  std::uint32_t options = 0;
  pcre2_pattern_info(compiled, PCRE2_INFO_ALLOPTIONS, &options);
  // "\G" is where the call begins, and verbs such as (*COMMIT) speak of the places that follow.
  const bool own_affair = pattern.find("\\G") != std::string_view::npos || pattern.find("(*") != std::string_view::npos;
  if ((options & PCRE2_ANCHORED) != 0 || own_affair) return Starts::kOne;
  // Nothing is repeated and nothing is called.
  if (pattern.find_first_of("*+{") == std::string_view::npos && pattern.find("(?") == std::string_view::npos) {
    return Starts::kCheap;
  }
  return Starts::kMany;
}

std::vector<Regex::Code::GroupName> Regex::Code::GroupNames(const pcre2_code* compiled) {
  std::uint32_t count = 0;
  std::uint32_t row_size = 0;
  PCRE2_SPTR row = nullptr;
  pcre2_pattern_info(compiled, PCRE2_INFO_NAMECOUNT, &count);
  pcre2_pattern_info(compiled, PCRE2_INFO_NAMEENTRYSIZE, &row_size);
  pcre2_pattern_info(compiled, PCRE2_INFO_NAMETABLE, &row);
  std::vector<GroupName> names;
  for (std::uint32_t i = 0; i < count; ++i, row += row_size) {
    names.push_back({static_cast<std::uint32_t>(row[0] << 8 | row[1]), reinterpret_cast<const char*>(row + 2), 0});
  }
  return names;
}

Regex::Regex(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::Compile(std::string_view pattern, bool ignore_case, const VariableNames& names) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_unique<Code>();
  code->pattern = std::string(pattern);
  if (!ignore_case) code->beginning = PlainBeginning(pattern);
  code->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                 PCRE2_USE_OFFSET_LIMIT | (ignore_case ? PCRE2_CASELESS : 0), &error, &offset,
                                 nullptr));
  if (!code->code) {
    return Fail(fmt::format("the regular expression \"{}\" is wrong at character {}: {}", pattern, offset + 1,
                            ErrorText(error)));
  }
  // Without executable memory the interpreter matches instead, only slower.
  code->jit = pcre2_jit_compile(code->code.get(), PCRE2_JIT_COMPLETE) == 0;
  std::uint32_t groups = 0;
  pcre2_pattern_info(code->code.get(), PCRE2_INFO_CAPTURECOUNT, &groups);
  code->pairs = groups + 1;
  std::uint32_t compared = 0;
  std::uint32_t options = 0;
  pcre2_pattern_info(code->code.get(), PCRE2_INFO_BACKREFMAX, &compared);
  pcre2_pattern_info(code->code.get(), PCRE2_INFO_ALLOPTIONS, &options);
  code->compares = compared != 0;
  code->utf = (options & PCRE2_UTF) != 0;
  code->starts = Code::StartsOf(pattern, code->code.get());
  for (Code::GroupName& group : Code::GroupNames(code->code.get())) {
    if (IsReserved(group.name, names.built_in))
      return Fail(
          fmt::format("the duplicate \"{}\" variable: a group cannot have the name of a built-in one", group.name));
    if (names.own == nullptr) continue;
    group.slot = names.own->AddGroup(group.name).slot;
    code->groups.push_back(std::move(group));
  }
  return Regex(std::move(code));
}

std::vector<std::string> Regex::NamesIn(std::string_view pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  const std::unique_ptr<pcre2_code, Code::Free> code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), 0, &error, &offset, nullptr));
  std::vector<std::string> names;
  if (!code) return names;
  for (const Code::GroupName& group : Code::GroupNames(code.get())) names.push_back(util::Lowercase(group.name));
  return names;
}

int Regex::Code::Run(std::string_view subject, pcre2_match_data* data, pcre2_match_context* context) const {
  // pcre2_jit_match is pcre2_match without the checks of its arguments.
  const auto match = jit && !utf ? pcre2_jit_match : pcre2_match;
  const auto run = [&](std::size_t from) {
    return match(code.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), from, 0, data, context);
  };
  const bool many = starts == Starts::kMany && !utf;
  const std::uint64_t most =
      many ? (jit ? kStepsOfAStart : kInterpreterStepsOfAStart) : (jit ? kSteps : kInterpreterSteps);
  const std::uint64_t bytes = subject.size() + 1;
  const std::uint64_t product = compares ? kComparedBytes : bytes > kLongSubject ? kLongStepBytes : kStepBytes;
  pcre2_set_match_limit(context, static_cast<std::uint32_t>(std::clamp<std::uint64_t>(product / bytes, 1, most)));
  pcre2_set_offset_limit(context, PCRE2_UNSET);
  if (!many || subject.size() < kStartsAtOnce) return run(0);
  const std::size_t at_once = std::clamp<std::size_t>(kStartBytesAtOnce / bytes, 1, kStartsAtOnce);
  Stopwatch stopwatch(subject.size());
  for (std::size_t from = 0;; from += at_once) {
    pcre2_set_offset_limit(context, from + at_once - 1);
    const int count = run(from);
    if (count != PCRE2_ERROR_NOMATCH || from + at_once > subject.size()) return count;
    if (stopwatch.IsOver()) return PCRE2_ERROR_MATCHLIMIT;
  }
}

Matched Regex::Match(std::string_view subject, Values* values, MatchFailure& failure) const {
  if (!subject.starts_with(code_->beginning)) return Matched::kNo;
  pcre2_match_data* const data = SharedMatchData(code_->pairs);
  pcre2_match_context* const context = SharedContext();
  const int count = data != nullptr && context != nullptr ? code_->Run(subject, data, context) : PCRE2_ERROR_NOMEMORY;
  if (count == PCRE2_ERROR_NOMATCH) return Matched::kNo;
  if (count < 0) {
    failure = {count, subject, &code_->pattern};
    return Matched::kFailed;
  }
  if (values == nullptr) return Matched::kYes;

  const PCRE2_SIZE* const bounds = pcre2_get_ovector_pointer(data);
  const auto group = [&](std::uint32_t i) -> std::string_view {
    if (i >= static_cast<std::uint32_t>(count) || bounds[2 * i] == PCRE2_UNSET) return {};
    return subject.substr(bounds[2 * i], bounds[2 * i + 1] - bounds[2 * i]);
  };
  values->groups.clear();
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(count); ++i) values->groups.push_back(group(i));
  for (const Code::GroupName& named : code_->groups) values->Set(named.slot, group(named.group));
  return Matched::kYes;
}

}  // namespace colmeia::site
