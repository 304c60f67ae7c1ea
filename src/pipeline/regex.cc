#include "pipeline/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cctype>

#include <fmt/core.h>

namespace colmeia::pipeline {
namespace {

struct MatchDataFree {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

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
  static constexpr std::string_view kQuantifiers = "?*+{";  // it may be there or not
  if (!beginning.empty() && !rest.empty() && kQuantifiers.find(rest[0]) != std::string_view::npos) beginning.pop_back();
  return beginning;
}

}  // namespace

struct Regex::Code {
  struct Free {
    void operator()(pcre2_code* compiled) const { pcre2_code_free(compiled); }
  };
  // A row of the table of named groups: two bytes of group number, most significant first, then the name.
  struct GroupName {
    std::uint32_t group;
    std::string name;
  };
  static std::vector<GroupName> GroupNames(const pcre2_code* compiled);

  std::string beginning;  // of every subject that matches: spares most patterns of a long list the matching
  std::string pattern;
  std::unique_ptr<pcre2_code, Free> code;
  std::uint32_t pairs = 1;  // of offsets that a match needs: the whole one's and each group's
  bool jit = false;         // else the interpreter matches
  std::vector<GroupName> groups;
  std::vector<std::string> names;
};

std::vector<Regex::Code::GroupName> Regex::Code::GroupNames(const pcre2_code* compiled) {
  std::uint32_t count = 0;
  std::uint32_t row_size = 0;
  PCRE2_SPTR row = nullptr;
  pcre2_pattern_info(compiled, PCRE2_INFO_NAMECOUNT, &count);
  pcre2_pattern_info(compiled, PCRE2_INFO_NAMEENTRYSIZE, &row_size);
  pcre2_pattern_info(compiled, PCRE2_INFO_NAMETABLE, &row);
  std::vector<GroupName> names;
  for (std::uint32_t i = 0; i < count; ++i, row += row_size) {
    names.push_back({static_cast<std::uint32_t>(row[0] << 8 | row[1]), reinterpret_cast<const char*>(row + 2)});
  }
  return names;
}

Regex::Regex(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::Compile(std::string_view pattern, bool ignore_case) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_unique<Code>();
  code->pattern = std::string(pattern);
  if (!ignore_case) code->beginning = PlainBeginning(pattern);
  code->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                 ignore_case ? PCRE2_CASELESS : 0, &error, &offset, nullptr));
  if (!code->code) {
    return Fail(fmt::format("the regular expression \"{}\" is wrong at character {}: {}", pattern, offset + 1,
                            ErrorText(error)));
  }
  // Without executable memory the interpreter matches instead, only slower.
  code->jit = pcre2_jit_compile(code->code.get(), PCRE2_JIT_COMPLETE) == 0;
  std::uint32_t groups = 0;
  pcre2_pattern_info(code->code.get(), PCRE2_INFO_CAPTURECOUNT, &groups);
  code->pairs = groups + 1;
  code->groups = Code::GroupNames(code->code.get());
  for (const Code::GroupName& group : code->groups) code->names.push_back(group.name);
  return Regex(std::move(code));
}

std::vector<std::string> Regex::NamesIn(std::string_view pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  const std::unique_ptr<pcre2_code, Code::Free> code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), 0, &error, &offset, nullptr));
  std::vector<std::string> names;
  if (!code) return names;
  for (Code::GroupName& group : Code::GroupNames(code.get())) names.push_back(std::move(group.name));
  return names;
}

bool Regex::Match(std::string_view subject, std::vector<Capture>* captures) const {
  if (!subject.starts_with(code_->beginning)) return false;
  pcre2_match_data* const data = SharedMatchData(code_->pairs);
  if (data == nullptr) return false;
  // pcre2_jit_match is pcre2_match without the checks of its arguments.
  const auto match = code_->jit ? pcre2_jit_match : pcre2_match;
  const int count =
      match(code_->code.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), 0, 0, data, nullptr);
  if (count < 0) return false;
  if (captures == nullptr) return true;

  const PCRE2_SIZE* const bounds = pcre2_get_ovector_pointer(data);
  const auto group = [&](std::uint32_t i) -> std::string_view {
    if (i >= static_cast<std::uint32_t>(count) || bounds[2 * i] == PCRE2_UNSET) return {};
    return subject.substr(bounds[2 * i], bounds[2 * i + 1] - bounds[2 * i]);
  };
  // Named groups of an earlier match (the server's) stay; numbered ones are always those of the last match.
  std::erase_if(*captures, [](const Capture& old) { return old.name.empty(); });
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(count); ++i) {
    captures->insert(captures->begin() + i, Capture{{}, group(i)});
  }
  for (const Code::GroupName& named : code_->groups) captures->push_back({named.name, group(named.group)});
  return true;
}

const std::vector<std::string>& Regex::names() const { return code_->names; }
const std::string& Regex::pattern() const { return code_->pattern; }

}  // namespace colmeia::pipeline
