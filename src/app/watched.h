// A command in a process of its own, so that its death is told with what it was at: it reads text that any user may
// have written.
#pragma once

#include <functional>

#include "config/progress.h"
#include "ipc/progress_page.h"

namespace colmeia::app {

// Notes on a page: "reading FILE", "at FILE:LINE".
class NotedProgress final : public config::Progress {
 public:
  // `page` must outlive this.
  explicit NotedProgress(ipc::ProgressPage& page) : page_(page) {}
  void At(std::string_view file, std::uint32_t line) override;

 private:
  ipc::ProgressPage& page_;
};

// Runs `command` in a child and returns its exit code. When a signal kills the child that is said with what it was at,
// and the code is that of a bad configuration. `command` gets null and runs here when there can be no child.
[[nodiscard]] int RunWatched(const std::function<int(config::Progress*)>& command);

}  // namespace colmeia::app
