// File: what was found under one path at one moment: its kind, size and times, and of a regular file its bytes or an
// open descriptor. Immutable and shared: its holder may send from it although the disk has moved on.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/date.h"
#include "http/etag.h"
#include "sys/unique_fd.h"

namespace colmeia::files {

enum class Kind : std::uint8_t {
  kRegular,    // has bytes to send
  kDirectory,  // a folder
  kOther,      // a device, a pipe, a socket: nothing to send
};

// What tells one version of a file from the next. Equal stamps mean the same bytes, but for writes within the same tick
// of the file system's clock: Loaded::settled (files/loader.h) says when that can no longer be.
struct Stamp {
  dev_t device = 0;
  ino_t inode = 0;
  mode_t mode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_s = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_s = 0;  // ctime: unlike mtime no user can set it back
  std::int64_t changed_ns = 0;

  static Stamp Of(const struct stat& status);
  [[nodiscard]] http::FileVersion version() const {
    return {.modified_s = modified_s,
            .modified_ns = modified_ns,
            .changed_s = changed_s,
            .changed_ns = changed_ns,
            .size = size};
  }
  [[nodiscard]] Kind kind() const;
  bool operator==(const Stamp&) const = default;
};

// How sure it is that times tell a file's bytes from those of the next write, when they were read: a kernel stamps
// files with the time of its last tick, so that two writes within one have the same.
struct Settling {
  bool changed = true;   // a later write cannot have the same change time
  bool modified = true;  // nor the same modification time, unless a user sets it
};

class File {
 public:
  // Facts only: neither bytes nor a descriptor.
  explicit File(const Stamp& stamp);
  // With all of its bytes. A file that changed its length while it was read has the length of what was read.
  File(const Stamp& stamp, std::string content, Settling settling = {});
  // With a descriptor open for reading.
  File(const Stamp& stamp, sys::UniqueFd fd, Settling settling = {});
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] const Stamp& stamp() const { return stamp_; }
  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::time_t modified() const { return stamp_.modified_s; }

  // The tag of `etag on` with its quotes, and Last-Modified's date. Valid as long as this.
  [[nodiscard]] std::string_view etag() const { return {etag_.data(), etag_size_}; }
  [[nodiscard]] std::string_view last_modified() const { return {last_modified_.data(), last_modified_.size()}; }

  // The tag in one of its forms. A file that is not settled has a mark in it: another one for other bytes, as far as
  // they are in memory, else for each time that it was opened. `marked` asks for that of the bytes also where it is
  // settled by now, for a client with a tag from before; a change time always has it beside it, since files of two
  // trees may be made within one tick. REQUIRES: `form` is not kOff.
  std::string_view EtagAs(http::EtagForm form, bool marked, std::span<char, http::kEtagSize> out) const;

  // The bytes are in memory. An empty file may be.
  [[nodiscard]] bool in_memory() const { return in_memory_; }
  [[nodiscard]] std::string_view content() const { return content_; }
  // Another version of it cannot have the same stamp.
  [[nodiscard]] bool settled() const { return settling_.changed; }
  // Lent; -1 without one. Read it with pread(2) or sendfile(2) and an offset: others send from it too.
  [[nodiscard]] int fd() const { return fd_.get(); }
  // There is something to send a body from.
  [[nodiscard]] bool sendable() const { return in_memory_ || fd_.get() >= 0; }

 private:
  void MakeTexts();
  [[nodiscard]] std::uint64_t Mark() const;

  Stamp stamp_;
  Kind kind_;
  bool in_memory_ = false;
  Settling settling_{};
  mutable std::uint64_t mark_ = 0;  // once it was needed
  std::uint64_t size_;
  std::string content_;
  sys::UniqueFd fd_;
  std::array<char, http::kEtagSize> etag_{};
  std::size_t etag_size_ = 0;
  std::array<char, http::kDateSize> last_modified_{};
};

// A file, or the errno for which there is none.
struct Lookup {
  std::shared_ptr<const File> file;
  int error = 0;

  explicit operator bool() const { return file != nullptr; }
};

}  // namespace colmeia::files
