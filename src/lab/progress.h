// How far a long run has come: a bar on a terminal, plain lines elsewhere. On standard error, so that tables can be
// redirected by themselves.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace colmeia::lab {

class Progress {
 public:
  // `total` is about how long all will take.
  Progress(std::chrono::milliseconds total, bool terminal) : total_(total), terminal_(terminal) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // A step of about so long begins.
  void Begin(std::string_view what, std::chrono::milliseconds takes);
  // Draws the bar anew; to be called now and then.
  void Tick();
  // The step has ended; `problem` is told unless it is empty.
  void End(std::string_view problem);

 private:
  void Clear();

  std::chrono::milliseconds total_;
  bool terminal_;
  std::chrono::milliseconds done_{0};
  std::chrono::milliseconds takes_{0};
  std::chrono::steady_clock::time_point begun_;
  std::string what_;
  bool drawn_ = false;
};

// The bar: "[######......]  52 %  pipe, two cores", for `width` columns.
[[nodiscard]] std::string DrawBar(double fraction, std::string_view what, std::size_t width);

}  // namespace colmeia::lab
