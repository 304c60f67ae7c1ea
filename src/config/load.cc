#include "config/load.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/lexer.h"
#include "config/tree.h"
#include "sys/files.h"

namespace colmeia::config {

namespace {

// Far above every real configuration: a guard against files that include each other in multiples.
constexpr std::size_t kLargestText = std::size_t{64} << 20U;
constexpr std::size_t kMostPieces = 100'000;

std::string Reason(const util::Error& error) {
  return error.code != 0 ? std::generic_category().message(error.code) : error.message;
}

// Above every real chain of files, and far below what the stack holds.
constexpr std::size_t kDeepest = 200;

// What a path names that is no file; empty for a file, and for /dev/null, which is as good as an empty one.
std::string_view NoFile(const struct stat& info) {
  if (S_ISDIR(info.st_mode)) return "Is a directory";
  if (S_ISFIFO(info.st_mode)) return "it is a pipe, not a file";
  if (S_ISSOCK(info.st_mode)) return "it is a socket, not a file";
  if (S_ISBLK(info.st_mode)) return "it is a block device, not a file";
  const bool is_null = S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3);
  if (S_ISCHR(info.st_mode) && !is_null) return "it is a character device, not a file";
  return {};
}

// The text of a file without the mark that some editors put at its front. Whatever the path names, it neither waits nor
// reads on and on.
Result<std::string> ReadText(const std::string& path) {
  // What is no file is not opened either: that alone can wait, or rewind a tape.
  struct stat info {};
  if (stat(path.c_str(), &info) == 0 && !NoFile(info).empty()) return Fail(std::string(NoFile(info)));
  Result<sys::UniqueFd> fd = sys::OpenFile(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) return tl::unexpected(fd.error());
  if (fstat(fd->get(), &info) == 0 && !NoFile(info).empty()) return Fail(std::string(NoFile(info)));
  if (S_ISREG(info.st_mode) && info.st_size > off_t{kLargestText}) return Fail("the file is larger than 64 MiB");
  Result<std::string> text = sys::ReadUpTo(fd->get(), kLargestText + 1, path);
  if (!text) return text;
  if (text->size() > kLargestText) return Fail("the file is larger than 64 MiB");
  if (text->starts_with("\xff\xfe") || text->starts_with("\xfe\xff")) {
    return Fail("it is written in UTF-16: save it as UTF-8");
  }
  if (text->starts_with("\xef\xbb\xbf")) text->erase(0, 3);
  return text;
}

// Whether `path`, which stands below the prefix and cannot be read, is there below the current folder: then its name
// was meant from there. Empty, or the advice.
std::string ElsewhereHint(const std::string& path, const std::string& prefix) {
  if (prefix.empty() || !path.starts_with(prefix)) return {};
  const std::string relative = path.substr(prefix.size());
  std::error_code error;
  if (!std::filesystem::exists(relative, error) || error) return {};
  const std::string here = std::filesystem::absolute(relative, error).lexically_normal().string();
  return fmt::format("; a relative -c starts at the prefix {} and not at the current folder: say -c {}", prefix, here);
}

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

class Loader {
 public:
  Loader(const LoadOptions& options, std::string conf_path, Diagnostics& diagnostics)
      : options_(options),
        conf_path_(std::move(conf_path)),
        conf_folder_(FolderOf(conf_path_)),
        diagnostics_(diagnostics) {}

  Source Run() {
    if (!options_.extra_directives.empty()) {
      ExpandIfWhole(AddFile(std::string(kCommandLine), options_.extra_directives));
    }
    if (Result<std::uint32_t> file = Open(conf_path_)) {
      Expand(*file);
    } else {
      const std::string hint = file.error().code == ENOENT ? ElsewhereHint(conf_path_, options_.prefix) : std::string();
      diagnostics_.Error(fmt::format("cannot read \"{}\": {}{}", conf_path_, Reason(file.error()), hint));
    }
    Source source(std::move(files_), std::move(segments_));
    source.prefix = options_.prefix;
    source.conf_path = conf_path_;
    source.error_log = options_.error_log;
    return source;
  }

 private:
  std::uint32_t AddFile(std::string path, std::string text) {
    files_.push_back({std::move(path), std::move(text)});
    return static_cast<std::uint32_t>(files_.size() - 1);
  }

  // The file's number. A file is read once, however often it is included.
  Result<std::uint32_t> Open(const std::string& path) {
    if (const auto known = by_path_.find(path); known != by_path_.end()) return known->second;
    if (options_.progress != nullptr) options_.progress->At(path, 0);
    Result<std::string> text = ReadText(path);
    if (!text) return tl::unexpected(text.error());
    const std::uint32_t file = AddFile(path, *std::move(text));
    by_path_.emplace(path, file);
    return file;
  }

  // Copies the file's text to the segments, its includes expanded.
  void Expand(std::uint32_t file) {
    chain_.push_back(file);
    // Files are added while this one is read, and the vector moves: the lexer looks at a copy.
    const std::string text = files_[file].text;
    Lexer lexer(text);
    std::uint32_t copied = 0;  // up to here the text is in segments
    std::vector<Token> words;
    for (Token token = lexer.Next(); token.kind != TokenKind::kEnd; token = lexer.Next()) {
      if (token.kind == TokenKind::kWord) {
        words.push_back(std::move(token));
        continue;
      }
      if (token.kind == TokenKind::kSemicolon && words.size() == 2 && words[0].text == "include") {
        Copy(file, copied, words[0].span.offset);
        Include(file, words[1]);
        copied = token.span.end();
      }
      words.clear();
    }
    Copy(file, copied, static_cast<std::uint32_t>(text.size()));
    chain_.pop_back();
  }

  void Copy(std::uint32_t file, std::uint32_t begin, std::uint32_t end) {
    if (begin == end || overflowed_) return;
    if (segments_.size() == kMostPieces || size_ + (end - begin) > kLargestText) return Overflow(file, {begin, 1});
    segments_.push_back({file, begin, end - begin});
    size_ += end - begin + 1;
  }

  void Include(std::uint32_t file, const Token& argument) {
    std::string path = argument.text;
    if (path.empty() || path.front() != '/') path.insert(0, conf_folder_);
    if (path.find_first_of("*?[") == std::string::npos) {
      IncludeFile(file, argument, path);
      return;
    }
    glob_t found{};
    const int status = glob(path.c_str(), 0, nullptr, &found);
    if (status == 0) {
      for (std::size_t i = 0; i < found.gl_pathc && !overflowed_; ++i) IncludeFile(file, argument, found.gl_pathv[i]);
    } else if (status != GLOB_NOMATCH) {
      Error(file, argument.span, fmt::format("cannot look for {}", Quoted(path)));
    }
    globfree(&found);
  }

  void IncludeFile(std::uint32_t from, const Token& argument, const std::string& path) {
    if (overflowed_) return;
    if (++includes_ > kMostPieces) return Overflow(from, argument.span);
    if (chain_.size() > kDeepest) {
      Error(from, argument.span, fmt::format("files include each other more than {} deep", kDeepest));
      return;
    }
    const auto is_path = [&](std::uint32_t file) { return files_[file].path == path; };
    if (const auto first = std::find_if(chain_.begin(), chain_.end(), is_path); first != chain_.end()) {
      std::string chain;
      for (auto file = first; file != chain_.end(); ++file) chain += files_[*file].path + " -> ";
      Error(from, argument.span, fmt::format("\"{}\" includes itself: {}{}", path, chain, path));
      return;
    }
    if (const Result<std::uint32_t> file = Open(path)) {
      ExpandIfWhole(*file);
    } else {
      Error(from, argument.span, fmt::format("cannot read \"{}\": {}", path, Reason(file.error())));
    }
  }

  // A file whose quotes or blocks do not match would make nonsense of the text behind it.
  void ExpandIfWhole(std::uint32_t file) {
    const Source alone = Source::FromText(files_[file].path, files_[file].text);
    Diagnostics found;
    if (IsWhole(alone, found)) {
      Expand(file);
      return;
    }
    for (Diagnostic diagnostic : found.all()) {
      diagnostic.position = Position();
      diagnostics_.Add(std::move(diagnostic));
    }
  }

  void Overflow(std::uint32_t file, Span span) {
    overflowed_ = true;
    Error(file, span, "here the configuration grows larger than 64 MiB or 100000 included files");
  }

  void Error(std::uint32_t file, Span span, std::string message) {
    Place place = PlaceIn(files_[file].path, files_[file].text, span.offset, span.length);
    place.position = Position();
    diagnostics_.Error(place, std::move(message));
  }

  // Where the next segment will start in the expanded text.
  [[nodiscard]] std::uint32_t Position() const { return static_cast<std::uint32_t>(size_); }

  const LoadOptions& options_;
  const std::string conf_path_;
  const std::string conf_folder_;
  Diagnostics& diagnostics_;
  std::vector<Source::File> files_;
  std::vector<Source::Segment> segments_;
  std::map<std::string, std::uint32_t> by_path_;
  std::vector<std::uint32_t> chain_;  // the files being expanded, from the outermost
  std::size_t size_ = 0;              // of the expanded text
  std::size_t includes_ = 0;
  bool overflowed_ = false;  // said once, then nothing more is copied
};

}  // namespace

Source Load(const LoadOptions& options, Diagnostics& diagnostics) {
  std::string conf_path = options.conf_path;
  if (conf_path.empty() || conf_path.front() != '/') conf_path.insert(0, options.prefix);
  return Loader(options, std::move(conf_path), diagnostics).Run();
}

}  // namespace colmeia::config
