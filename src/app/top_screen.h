// The picture of `ctl top`: lines of text out of what is known (app/top_model.h) and how it is looked at. No terminal.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "app/top_model.h"

namespace colmeia::app {

struct TopView {
  std::size_t width = 80;
  std::size_t height = 0;               // 0: as many lines as it takes
  std::optional<std::size_t> selected;  // place in TopModel::rows()
  std::string message;                  // in place of the keys, in the last line
  bool help = false;                    // in place of the workers
  bool keys = false;                    // there is a keyboard to press them
};

// How a line is to be shown.
enum class Look {
  kPlain,
  kTitle,     // the table's head
  kSelected,  // the cursor stands here
  kGood,      // ready
  kWarning,   // starting, draining
  kBad,       // silent, killed, gone
  kDim,       // keys
};

struct TopLine {
  std::string text;  // no longer than the view is wide
  Look look = Look::kPlain;
};

// At most `height` lines.
[[nodiscard]] std::vector<TopLine> TopLines(const TopModel& model, const TopView& view);

}  // namespace colmeia::app
