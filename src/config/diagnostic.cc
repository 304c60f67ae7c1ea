#include "config/diagnostic.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "config/invisible.h"
#include "util/control.h"
#include "util/utf8.h"

namespace colmeia::config {

namespace {

constexpr std::size_t kLongestQuote = 100;  // bytes of a word shown in a message
constexpr std::size_t kLongestLine = 200;   // bytes of a source line shown below it
constexpr std::size_t kBeforeMark = 60;     // bytes kept before the mark when a line is longer

// One printable line: nothing in a configuration may move the reader's cursor, or stand there unseen.
std::string Printable(std::string_view text) {
  std::string out;
  std::optional<Invisible> unseen = FindInvisible(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (unseen && unseen->offset == i && unseen->size > 1) {
      out += fmt::format("\\u{{{:x}}}", unseen->code);
      i += unseen->size - 1;
      unseen = FindInvisible(text, i + 1);
      continue;
    }
    if (unseen && unseen->offset == i) unseen = FindInvisible(text, i + 1);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (util::IsControl(c)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string Quoted(std::string_view text) {
  if (text.size() <= kLongestQuote) return fmt::format("\"{}\"", text);
  std::size_t size = kLongestQuote;
  while (size > 0 && util::IsUtf8Continuation(text[size])) --size;
  return fmt::format("\"{}...\"", text.substr(0, size));
}

std::string Diagnostic::Render() const {
  const std::string_view kind = severity == Severity::kWarning ? "warning: " : "";
  if (file.empty()) return fmt::format("{}{}\n", kind, message);
  std::string out = fmt::format("{}:{}:{}: {}{}\n", file, line, column, kind, message);
  // Tabs stay tabs in the caret's line, so that the caret stands below its word whatever their width.
  std::string carets;
  std::optional<Invisible> unseen = FindInvisible(excerpt);
  for (std::size_t i = 0; i < excerpt.size(); ++i) {
    const char c = excerpt[i];
    if (unseen && i >= unseen->offset + unseen->size) unseen = FindInvisible(excerpt, i);
    if (!unseen || i < unseen->offset) {
      out += util::IsControl(c) && c != '\t' ? '?' : c;
    } else if (i == unseen->offset) {
      out += '?';
    }
    if (i == mark) carets += '^';
    if (i == mark || util::IsUtf8Continuation(c)) continue;
    if (i < mark) carets += c == '\t' ? '\t' : ' ';
    if (i > mark && i < mark + length) carets += '~';
  }
  if (mark >= excerpt.size()) carets += '^';
  return fmt::format("{}\n{}\n", out, carets);
}

void Diagnostics::Add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::kError) ++errors_;
  if (all_.size() == kKept) {
    ++dropped_;
  } else {
    all_.push_back(std::move(diagnostic));
  }
}

void Diagnostics::Ignored(std::string_view directive) { ++ignored_[std::string(directive)]; }

void Diagnostics::Add(Severity severity, const Place& place, std::string message) {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.message = Printable(message);
  diagnostic.file = place.file;
  diagnostic.line = place.line;
  diagnostic.column = place.column;
  diagnostic.length = place.length;
  diagnostic.position = place.position;
  if (place.line > 0) {
    // Cut between characters, not inside of one.
    const std::string_view line = place.line_text;
    const std::size_t mark = std::min<std::size_t>(place.column - 1, line.size());
    std::size_t first = line.size() > kLongestLine && mark > kBeforeMark ? mark - kBeforeMark : 0;
    while (first > 0 && first < line.size() && util::IsUtf8Continuation(line[first])) --first;
    std::size_t last = std::min(line.size(), first + kLongestLine);
    while (last < line.size() && util::IsUtf8Continuation(line[last])) ++last;
    diagnostic.excerpt = line.substr(first, last - first);
    diagnostic.mark = static_cast<std::uint32_t>(mark - first);
  }
  Add(std::move(diagnostic));
}

std::string Diagnostics::Render() const {
  std::vector<const Diagnostic*> sorted;
  for (const Diagnostic& diagnostic : all_) sorted.push_back(&diagnostic);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Diagnostic* a, const Diagnostic* b) { return a->position < b->position; });
  // Warnings get what room errors leave.
  const auto is_error = [](const Diagnostic* one) { return one->severity == Severity::kError; };
  std::size_t errors =
      std::min(kShown, static_cast<std::size_t>(std::count_if(sorted.begin(), sorted.end(), is_error)));
  std::size_t warnings = kShown - errors;
  std::string out;
  std::size_t hidden = dropped_;
  for (const Diagnostic* const one : sorted) {
    std::size_t& room = is_error(one) ? errors : warnings;
    if (room == 0) {
      ++hidden;
      continue;
    }
    --room;
    out += one->Render();
  }
  if (hidden > 0) out += fmt::format("and {} more\n", hidden);
  std::string ignored;
  for (const auto& [name, count] : ignored_) {
    ignored += fmt::format("{}{}{}", ignored.empty() ? "" : ", ", name, count > 1 ? fmt::format(" ({})", count) : "");
  }
  if (!ignored.empty()) out += fmt::format("warning: accepted, and without effect in colmeia: {}\n", ignored);
  return out;
}

}  // namespace colmeia::config
