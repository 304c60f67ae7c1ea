// Terminal: the whole screen and every key for us alone, until it goes; then the terminal is as it was, whether we
// return or a signal ends us (termios(3), ECMA-48 control sequences).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "util/clock.h"
#include "util/result.h"

namespace colmeia::app {

// What reads from standard input and writes to standard output. At most one at a time.
class Terminal {
 public:
  // Fails when one of them is no terminal.
  [[nodiscard]] static Result<std::unique_ptr<Terminal>> Open();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  struct Size {
    std::size_t width = 80;
    std::size_t height = 24;
  };
  [[nodiscard]] Size size() const;

  // Replaces what is shown; lines end with "\r\n".
  void Show(std::string_view screen);

  // The keys pressed until the deadline at the latest, one character each (DecodeKeys). Empty when there were none, or
  // the window has another size.
  [[nodiscard]] std::string ReadKeys(util::TimePoint deadline);

  // The terminal has hung up.
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  Terminal() = default;
  bool closed_ = false;
};

// Keys out of the bytes that a terminal sends: the arrows up and down as 'k' and 'j', Ctrl-C as 'q', Escape as '\x1b',
// the rest as it is; other control sequences are left out.
[[nodiscard]] std::string DecodeKeys(std::string_view bytes);

}  // namespace colmeia::app
