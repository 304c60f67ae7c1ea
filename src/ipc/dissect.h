// A frame taken apart, field by field, with the place of each: for people that look at its bytes.
//
// It reads the declarations of messages (ipc/messages.h) as the decoder does, so it cannot disagree with it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace colmeia::ipc {

// Some bytes of a frame that mean one thing.
struct Part {
  std::size_t offset = 0;
  std::size_t size = 0;
  std::string name;   // "sequence", "deadline"; "size of path" for the length before a string
  std::string value;  // "7", "5000ms"
};

// Every byte of the frame is in exactly one part, in order. Fails as DecodeFrame does.
[[nodiscard]] Result<std::vector<Part>> Dissect(std::string_view datagram);

}  // namespace colmeia::ipc
