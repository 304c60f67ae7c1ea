// TempFile: a file for bytes that are too many for memory, in a folder that is the worker's own.
//
// It has no name (O_TMPFILE of open(2)) unless one is asked for: then nothing is left behind, whatever becomes of the
// process. A file system that has no such files gets a name that is taken away at once.
//
// A name is nginx's: ten digits, counted from 1, below folders that take their names from the last digits. So with the
// levels 1 and 2 the file 0000000123 of /spool is /spool/3/12/0000000123. The folders are made when they are missing.
//
// Its calls block, so they belong on another thread (loop/work.h). It is open for reading and writing by this process
// and its user alone (0600).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::files {

// Where such files are made.
struct TempPath {
  static constexpr std::size_t kMaxLevels = 3;
  static constexpr std::size_t kNameSize = 10;

  std::string path;                               // absolute, without a slash at the end
  std::array<std::uint8_t, kMaxLevels> levels{};  // digits of each level's name; 0 ends them. At most kNameSize in all
  bool operator==(const TempPath&) const = default;
};

// The path of the file with this number, in nginx's way.
[[nodiscard]] std::string TempName(const TempPath& folder, std::uint32_t number);

enum class TempLife : std::uint8_t {
  kUnnamed,  // no other process can open it
  kNamed,    // it has a name until it is closed, and for good after Keep()
};

class TempFile {
 public:
  // Errors name the call and the path, as nginx writes them, and carry errno.
  [[nodiscard]] static Result<TempFile> Open(const TempPath& folder, TempLife life);

  TempFile(TempFile&&) = default;
  TempFile& operator=(TempFile&&) = delete;
  // Removes the name, unless it is kept.
  ~TempFile();

  // All of `bytes`, behind those that came before. After an error it is unknown how many of them.
  [[nodiscard]] Result<> Append(std::string_view bytes);

  // The name stays when this is closed.
  void Keep() { keeps_ = true; }

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& name() const { return name_; }  // empty without one
  [[nodiscard]] std::uint64_t length() const { return length_; }

 private:
  TempFile(sys::UniqueFd fd, std::string name, const TempPath& folder)
      : fd_(std::move(fd)), name_(std::move(name)), folder_(folder.path) {}

  sys::UniqueFd fd_;
  std::string name_;
  std::string folder_;  // for errors
  std::uint64_t length_ = 0;
  bool keeps_ = false;
};

}  // namespace colmeia::files
