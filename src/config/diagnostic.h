// Diagnostics: every mistake found in a configuration, each with its place, its line and a caret.
//
//   site.conf:7:5: "gzip_levle" is not a directive; did you mean "gzip_level"?
//       gzip_levle 6;
//       ^~~~~~~~~~
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/source.h"

namespace colmeia::config {

enum class Severity {
  kWarning,  // said, and the configuration is taken
  kError,    // the configuration is refused
};

// Owns its strings: it outlives the Source it is about. Invisible characters are shown by their numbers.
struct Diagnostic {
  Severity severity = Severity::kError;
  std::string message;
  std::string file;            // empty = no place
  std::uint32_t line = 0;      // from 1
  std::uint32_t column = 0;    // from 1, in bytes
  std::string excerpt;         // the line, or of a very long one the part around the mark
  std::uint32_t mark = 0;      // where the marked range starts in the excerpt
  std::uint32_t length = 0;    // of the marked range, in bytes
  std::uint32_t position = 0;  // Place::position

  // One to three lines, each ended by a line feed.
  [[nodiscard]] std::string Render() const;
};

// `text` between double quotes, shortened when it is very long: for messages.
[[nodiscard]] std::string Quoted(std::string_view text);

class Diagnostics {
 public:
  static constexpr std::size_t kShown = 20;
  static constexpr std::size_t kKept = 1000;  // the rest is only counted

  void Error(const Place& place, std::string message) { Add(Severity::kError, place, std::move(message)); }
  void Warn(const Place& place, std::string message) { Add(Severity::kWarning, place, std::move(message)); }
  // A mistake that has no place in a file.
  void Error(std::string message) { Add(Severity::kError, Place{}, std::move(message)); }
  void Add(Diagnostic diagnostic);
  // A use of a directive that is accepted and does nothing here: all of them are told in one line behind the rest.
  void Ignored(std::string_view directive);

  [[nodiscard]] bool HasErrors() const { return errors_ > 0; }
  [[nodiscard]] bool empty() const { return all_.empty() && ignored_.empty(); }
  // The first kKept in the order in which they were found.
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }

  // All of them in the order of the configuration's text; after kShown, errors before warnings, "and N more"; at
  // last the line of what does nothing.
  [[nodiscard]] std::string Render() const;

 private:
  void Add(Severity severity, const Place& place, std::string message);

  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
  std::size_t dropped_ = 0;
  std::map<std::string, std::size_t, std::less<>> ignored_;  // how often each was met
};

}  // namespace colmeia::config
