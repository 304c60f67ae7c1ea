// Spool: bytes on their way into a temporary file (files/temp_file.h), one block at a time, written by another thread.
//
// Pages that are written usually stay in memory, but when too many wait for the disk write(2) waits with them, and so
// does what opens a file. No loop stands still for that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "files/temp_file.h"
#include "loop/work.h"
#include "util/result.h"

namespace colmeia::pipeline {

class Spool {
 public:
  // Nothing is opened before the first Write(). `on_written` is called from the loop after each; it may destroy this.
  // `loop` outlives this.
  Spool(loop::Loop& loop, files::TempPath folder, files::TempLife life, std::function<void()> on_written);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  // A block that is being written is left to that thread, and so is the file's end.
  ~Spool() = default;

  // Begins to write `bytes`, which may be empty: then there is a file. `bytes` becomes an empty string with the memory
  // of an earlier block. REQUIRES: not busy, no error.
  void Write(std::string& bytes);

  [[nodiscard]] bool busy() const { return work_ != nullptr && work_->active(); }
  // What went wrong; null when nothing did. REQUIRES: not busy, as below.
  [[nodiscard]] const Error* error() const { return job_->error ? &*job_->error : nullptr; }
  // Null before the first block is written.
  [[nodiscard]] files::TempFile* file() const { return job_->file ? &*job_->file : nullptr; }

 private:
  // Shared with the thread.
  struct Job {
    files::TempPath folder;
    files::TempLife life;
    std::string bytes{};
    std::optional<files::TempFile> file{};
    std::optional<Error> error{};

    void Run();
  };

  loop::Loop& loop_;  // outlives this
  std::function<void()> on_written_;
  std::shared_ptr<Job> job_;
  std::unique_ptr<loop::Work> work_;
};

}  // namespace colmeia::pipeline
