// Regex: a compiled PCRE2 pattern, as in `location ~` and `server_name ~`. The only door to pcre2.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "site/values.h"
#include "site/variable_table.h"
#include "util/result.h"

namespace colmeia::site {

enum class Matched {
  kNo,      // the pattern is not in the text
  kYes,     // it is
  kFailed,  // unknown: the match was given up, see MatchFailure. It must never be taken for kNo
};

// Why a match was given up: what an alert says of it. Filled in by the function that returns or passes on kFailed.
struct MatchFailure {
  int code = 0;                          // PCRE2's, negative; 0 = none failed
  std::string_view subject;              // valid as long as the text that was matched against
  const std::string* pattern = nullptr;  // of the Regex, valid as long as that

  explicit operator bool() const { return code != 0; }
  // nginx's words: `pcre2_match() failed: -47 on "/aaa" using "(a+)+b"`. REQUIRES: one failed.
  [[nodiscard]] std::string Text() const;
};

class Regex {
 public:
  // Compiled with JIT where the kernel allows executable memory. The error says what is wrong and at which offset; no
  // group may have a name that is reserved (IsReserved). Named groups become variables of `names.own`; without one they
  // are numbered groups and no more.
  static Result<Regex> Compile(std::string_view pattern, bool ignore_case, const VariableNames& names = {});

  Regex(Regex&&) noexcept;
  ~Regex();

  // The names of a pattern's named groups, as PCRE2 itself understands them, in lower case; none of one that is wrong.
  [[nodiscard]] static std::vector<std::string> NamesIn(std::string_view pattern);

  // Whether the pattern is found in `subject`. With `values`, its groups replace those of the last match, and named
  // ones are set; they point into `subject`. A pattern that goes astray in its own possibilities is given up after some tens of milliseconds, so
  // that no client can hold the loop with a path; so is one that needs more than a megabyte of stack, and one with
  // (*UTF) on a subject that is no UTF-8. Then `failure` says which, and nothing else changes.
  [[nodiscard]] Matched Match(std::string_view subject, Values* values, MatchFailure& failure) const;

 private:
  struct Code;
  explicit Regex(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace colmeia::site
