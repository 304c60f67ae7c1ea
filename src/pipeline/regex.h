// Regex: a compiled PCRE2 pattern, as in `location ~` and `server_name ~`. The only door to pcre2.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/exchange.h"
#include "util/result.h"

namespace colmeia::pipeline {

class Regex {
 public:
  // Compiled with JIT where the kernel allows executable memory. The error says what is wrong and at which offset.
  static Result<Regex> Compile(std::string_view pattern, bool ignore_case);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // The names of a pattern's named groups, as PCRE2 itself understands them; none of one that is wrong.
  [[nodiscard]] static std::vector<std::string> NamesIn(std::string_view pattern);

  // Whether the pattern is found in `subject`. With `captures`, its groups replace the content; they point into
  // `subject`.
  [[nodiscard]] bool Match(std::string_view subject, std::vector<Capture>* captures) const;

  // The names of the named groups, for variables.
  [[nodiscard]] const std::vector<std::string>& names() const;
  [[nodiscard]] const std::string& pattern() const;

 private:
  struct Code;
  explicit Regex(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace colmeia::pipeline
