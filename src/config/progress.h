// Progress: told where in the configuration its compiler is, so that its parent can tell when the compiler dies.
#pragma once

#include <cstdint>
#include <string_view>

namespace colmeia::config {

class Progress {
 public:
  virtual ~Progress() = default;
  // `file` is about to be read (line 0), or its directive on that line is about to be looked at. Called often.
  virtual void At(std::string_view file, std::uint32_t line) = 0;
};

}  // namespace colmeia::config
