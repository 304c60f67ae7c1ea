#include "config/source.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "util/check.h"
#include "util/strings.h"

namespace colmeia::config {

namespace {

constexpr std::uint32_t kVersion = 1;

// Reads the serialised form from front to back. After the first breach of the form it gives nothing more.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // The words of the next line, when it starts with `keyword` and has `numbers` numbers behind it.
  std::optional<std::vector<std::uint32_t>> Line(std::string_view keyword, std::size_t numbers) {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::vector<std::string_view> words = util::Split(rest_.substr(0, end), ' ');
    if (words.size() != numbers + 1 || words[0] != keyword) return std::nullopt;
    std::vector<std::uint32_t> values;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto value = util::ParseNumber<std::uint32_t>(words[i]);
      if (!value) return std::nullopt;
      values.push_back(*value);
    }
    rest_.remove_prefix(end + 1);
    return values;
  }

  // `length` bytes and the line feed behind them.
  std::optional<std::string> Bytes(std::uint32_t length) {
    if (rest_.size() <= length || rest_[length] != '\n') return std::nullopt;
    std::string bytes(rest_.substr(0, length));
    rest_.remove_prefix(std::size_t{length} + 1);
    return bytes;
  }

  // A line `keyword LENGTH` and its bytes.
  std::optional<std::string> Field(std::string_view keyword) {
    const auto length = Line(keyword, 1);
    if (!length) return std::nullopt;
    return Bytes((*length)[0]);
  }

  [[nodiscard]] bool StartsWith(std::string_view word) const { return rest_.substr(0, word.size()) == word; }
  [[nodiscard]] bool AtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::vector<std::uint32_t> LineStarts(std::string_view text) {
  std::vector<std::uint32_t> starts = {0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts.push_back(static_cast<std::uint32_t>(i + 1));
  }
  return starts;
}

Place PlaceIn(std::string_view file, std::string_view text, const std::vector<std::uint32_t>& lines, std::size_t offset,
              std::size_t length) {
  offset = std::min(offset, text.size());
  const auto next = std::upper_bound(lines.begin(), lines.end(), static_cast<std::uint32_t>(offset));
  const std::size_t start = *(next - 1);
  const std::size_t end = next == lines.end() ? text.size() : *next - 1;
  std::string_view line = text.substr(start, end - start);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);

  Place place;
  place.file = file;
  place.line_text = line;
  place.line = static_cast<std::uint32_t>(next - lines.begin());
  place.column = static_cast<std::uint32_t>(offset - start + 1);
  const std::size_t room = line.size() - std::min(line.size(), offset - start);
  place.length = static_cast<std::uint32_t>(std::min(length, room));
  return place;
}

}  // namespace

std::string Place::ToString() const { return fmt::format("{}:{}", file, line); }

Place PlaceIn(std::string_view file, std::string_view text, std::size_t offset, std::size_t length) {
  return PlaceIn(file, text, LineStarts(text), offset, length);
}

Source::Source(std::vector<File> files, std::vector<Segment> segments)
    : files_(std::move(files)), segments_(std::move(segments)) {
  for (const File& file : files_) lines_.push_back(LineStarts(file.text));
  for (const Segment& segment : segments_) {
    CHECK(segment.file < files_.size());
    const std::string& from = files_[segment.file].text;
    CHECK(segment.offset <= from.size() && segment.length <= from.size() - segment.offset);
    if (!text_.empty()) text_ += '\n';
    starts_.push_back(static_cast<std::uint32_t>(text_.size()));
    text_.append(from, segment.offset, segment.length);
    CHECK(text_.size() < std::numeric_limits<std::uint32_t>::max());
  }
}

Source Source::FromText(std::string path, std::string text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  std::vector<File> files;
  files.push_back({std::move(path), std::move(text)});
  return Source(std::move(files), {{0, 0, length}});
}

Place Source::Locate(Span span) const {
  if (segments_.empty()) return {};
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), span.offset);
  const auto index = static_cast<std::size_t>(std::max<std::ptrdiff_t>(after - starts_.begin() - 1, 0));
  const Segment& segment = segments_[index];
  const File& file = files_[segment.file];
  const std::uint32_t within = std::min(span.offset - std::min(span.offset, starts_[index]), segment.length);
  Place place = PlaceIn(file.path, file.text, lines_[segment.file], std::size_t{segment.offset} + within, span.length);
  place.position = span.offset;
  return place;
}

std::string Source::Serialise() const {
  fmt::memory_buffer out;
  const auto add = fmt::appender(out);
  fmt::format_to(add, "colmeia-config {}\n", kVersion);
  fmt::format_to(add, "prefix {}\n{}\n", prefix.size(), prefix);
  fmt::format_to(add, "conf {}\n{}\n", conf_path.size(), conf_path);
  fmt::format_to(add, "error_log {}\n{}\n", error_log.size(), error_log);
  for (const File& file : files_) {
    fmt::format_to(add, "file {} {}\n{}\n{}\n", file.path.size(), file.text.size(), file.path, file.text);
  }
  for (const Segment& segment : segments_) {
    fmt::format_to(add, "segment {} {} {}\n", segment.file, segment.offset, segment.length);
  }
  fmt::format_to(add, "end\n");
  return fmt::to_string(out);
}

Result<Source> Source::Parse(std::string_view serialised) {
  const auto refuse = [](std::string_view what) {
    return Fail(fmt::format("the configuration handed over is damaged: {}", what));
  };
  Reader reader(serialised);
  const auto version = reader.Line("colmeia-config", 1);
  if (!version || (*version)[0] != kVersion) return refuse("its first line names another version");
  const auto prefix = reader.Field("prefix");
  if (!prefix) return refuse("prefix");
  const auto conf_path = reader.Field("conf");
  if (!conf_path) return refuse("conf");
  const auto error_log = reader.Field("error_log");
  if (!error_log) return refuse("error_log");

  std::vector<File> files;
  while (reader.StartsWith("file ")) {
    const auto lengths = reader.Line("file", 2);
    if (!lengths) return refuse("file");
    const auto path = reader.Bytes((*lengths)[0]);
    if (!path) return refuse("file's path");
    auto text = reader.Bytes((*lengths)[1]);
    if (!text) return refuse("file's text");
    files.push_back({*path, *std::move(text)});
  }
  std::vector<Segment> segments;
  std::uint64_t total = 0;
  while (reader.StartsWith("segment ")) {
    const auto numbers = reader.Line("segment", 3);
    if (!numbers) return refuse("segment");
    const Segment segment{(*numbers)[0], (*numbers)[1], (*numbers)[2]};
    if (segment.file >= files.size()) return refuse("segment of no file");
    if (std::uint64_t{segment.offset} + segment.length > files[segment.file].text.size()) {
      return refuse("segment outside of its file");
    }
    total += std::uint64_t{segment.length} + 1;
    if (total >= std::numeric_limits<std::uint32_t>::max()) return refuse("too large");
    segments.push_back(segment);
  }
  if (!reader.Line("end", 0) || !reader.AtEnd()) return refuse("end");

  Source source(std::move(files), std::move(segments));
  source.prefix = *prefix;
  source.conf_path = *conf_path;
  source.error_log = *error_log;
  return source;
}

}  // namespace colmeia::config
