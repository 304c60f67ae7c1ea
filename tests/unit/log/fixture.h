// A pipe that plays the reader of a log: slow, full, or gone.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "gtest/gtest.h"
#include "sys/descriptors.h"
#include "sys/unique_fd.h"

namespace colmeia::log {

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    out = sys::UniqueFd(ends[0]);
    in = sys::UniqueFd(ends[1]);
    // Only the reader's end: the writer's stays blocking, as a log's pipe is.
    EXPECT_EQ(fcntl(out.get(), F_SETFL, O_NONBLOCK), 0);
  }

  // Everything that is in the pipe.
  std::string Read() const {
    std::string text;
    char bytes[4096];
    ssize_t size = 0;
    while ((size = read(out.get(), bytes, sizeof(bytes))) > 0) text.append(bytes, static_cast<std::size_t>(size));
    return text;
  }

  // Until it takes no more.
  void Fill() const {
    const std::string page(4096, '.');
    EXPECT_EQ(fcntl(in.get(), F_SETFL, O_NONBLOCK), 0);
    while (write(in.get(), page.data(), page.size()) > 0) {
    }
    EXPECT_EQ(fcntl(in.get(), F_SETFL, 0), 0);
  }

  sys::UniqueFd out;
  sys::UniqueFd in;
};

inline std::ptrdiff_t Count(const std::string& text, char c) { return std::count(text.begin(), text.end(), c); }

}  // namespace colmeia::log
