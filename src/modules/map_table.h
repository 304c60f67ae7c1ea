// The lines of one `map`, and which of them a text stands in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "site/regex.h"
#include "site/values.h"
#include "util/string_table.h"

namespace colmeia::modules {

class MapTable {
 public:
  enum class Added : std::uint8_t {
    kYes,
    kTwice,       // there is such a key
    kNoHostname,  // a "*" or ".." where a host name has none
  };

  // A text, in whatever case.
  Added AddText(std::string_view key, std::uint32_t value);
  // A host name: "example.org", "*.example.org" for those below it, ".example.org" for both, or "www.example.*".
  Added AddHostname(std::string_view key, std::uint32_t value);
  // In the order in which they are tried.
  void AddRegex(site::Regex regex, std::uint32_t value) { regexes_.push_back({std::move(regex), value}); }

  // The value of the text itself, else of the longest wildcard at the front of a host name, else of the longest at its
  // end, else of the first expression that matches, whose groups go to `values`. Nothing with a `failure` when one could
  // not be matched. An empty text is matched against none, as in nginx.
  [[nodiscard]] std::optional<std::uint32_t> Find(std::string_view text, site::Values& values,
                                                  site::MatchFailure& failure) const;

 private:
  struct RegexLine {
    site::Regex regex;
    std::uint32_t value;
  };

  [[nodiscard]] std::optional<std::uint32_t> FindWildcard(std::string_view host) const;

  util::StringTable texts_;
  util::StringTable below_;     // ".example.org" of "*.example.org"
  util::StringTable prefixes_;  // "www.example." of "www.example.*"
  std::vector<RegexLine> regexes_;
};

}  // namespace colmeia::modules
