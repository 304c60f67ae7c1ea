// Source: the whole text of a configuration after `include`, and from where each byte of it comes.
//
// It reads no file (config/load.h does) and knows no grammar. Everything behind the reader of the files speaks in Spans
// of the expanded text; Locate() turns them into places that an operator can open in an editor.
//
// Serialised form, which a sealed memfd carries to the workers, so that what was checked is what runs:
//
//   colmeia-config 1\n
//   prefix LENGTH\n<bytes>\n
//   conf LENGTH\n<bytes>\n
//   error_log LENGTH\n<bytes>\n
//   file LENGTH LENGTH\n<path bytes>\n<text bytes>\n        once for each file, numbered from 0
//   segment FILE OFFSET LENGTH\n                            once for each segment, in order
//   end\n
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace colmeia::config {

// Bytes [offset, offset + length) of the expanded text.
struct Span {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;

  [[nodiscard]] std::uint32_t end() const { return offset + length; }
  bool operator==(const Span&) const = default;
};

// From the first byte of `first` to the last byte of `last`.
[[nodiscard]] inline Span Join(Span first, Span last) { return {first.offset, last.end() - first.offset}; }

// The name under which the text of -g stands among the files.
inline constexpr std::string_view kCommandLine = "command line";

// Where a Span stands in its file. The views point into the Source.
struct Place {
  std::string_view file;
  std::string_view line_text;  // without its line feed
  std::uint32_t line = 0;      // from 1; 0 = no place, the message stands alone
  std::uint32_t column = 0;    // from 1, in bytes
  std::uint32_t length = 0;    // of the marked range, in bytes, within the line
  std::uint32_t position = 0;  // offset in the expanded text: the order in which nginx would meet it

  // "file:line"
  [[nodiscard]] std::string ToString() const;
};

// The place of `length` bytes at `offset` in one file's text.
[[nodiscard]] Place PlaceIn(std::string_view file, std::string_view text, std::size_t offset, std::size_t length);

class Source {
 public:
  struct File {
    std::string path;  // absolute, or kCommandLine
    std::string text;
  };
  // The expanded text's next `length` bytes are those at `offset` of a file. Joined by a line feed, so that a comment
  // on the last line of an included file ends with that file.
  struct Segment {
    std::uint32_t file = 0;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };

  Source() = default;
  // Joins the segments. REQUIRES: each lies within its file.
  Source(std::vector<File> files, std::vector<Segment> segments);

  // One file and nothing else, for tests and fuzzing.
  [[nodiscard]] static Source FromText(std::string path, std::string text);

  [[nodiscard]] std::string_view text() const { return text_; }
  // In the order in which they were first met; a file that is included twice stands here once. `-T` prints these.
  [[nodiscard]] const std::vector<File>& files() const { return files_; }

  // Valid as long as the Source stands unmoved.
  [[nodiscard]] Place Locate(Span span) const;

  // What the command line said, for relative paths: absolute, `prefix` with a slash at its end; `error_log` is -e's
  // argument or empty.
  std::string prefix;
  std::string conf_path;
  std::string error_log;

  [[nodiscard]] std::string Serialise() const;
  [[nodiscard]] static Result<Source> Parse(std::string_view serialised);

 private:
  std::vector<File> files_;
  std::vector<std::vector<std::uint32_t>> lines_;  // for each file, where its lines start
  std::vector<Segment> segments_;
  std::vector<std::uint32_t> starts_;  // of each segment in text_, ascending
  std::string text_;
};

}  // namespace colmeia::config
