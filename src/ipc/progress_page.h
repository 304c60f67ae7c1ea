// A page of shared memory on which a child notes what it is doing, for its parent: it holds also when the child
// dies in the middle of a step, of whatever signal.
//
// One writer, one reader; the reader looks when the writer has ended.
#pragma once

#include <string>
#include <string_view>

#include "sys/memfd.h"
#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::ipc {

class ProgressPage {
 public:
  // A new one, empty.
  [[nodiscard]] static Result<ProgressPage> Create();
  // That of another process. An error when `fd` is none.
  [[nodiscard]] static Result<ProgressPage> Open(int fd);

  // Lent: for a child.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Replaces what was noted. A text that is too long loses its beginning.
  void Note(std::string_view text);
  // What was noted last; empty when nothing was.
  [[nodiscard]] std::string Read() const;

 private:
  struct Layout;
  [[nodiscard]] Layout* layout() const { return static_cast<Layout*>(mapping_.data()); }

  sys::UniqueFd fd_;
  sys::Mapping mapping_;
};

}  // namespace colmeia::ipc
