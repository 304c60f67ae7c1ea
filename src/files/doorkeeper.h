// Doorkeeper: tells which paths were seen a short while ago, so that a full cache takes in only what is asked for
// again.
//
// A path's hash chooses one of a fixed number of marks, and leaves two bytes of itself there for the next one to
// overwrite. So it remembers about as many paths as it has marks, the recent ones, and forgets the others by itself; it
// may take one path in 32,768 for another, which then is kept one miss too early. It costs two bytes for each mark,
// from the first question on.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace colmeia::files {

class Doorkeeper {
 public:
  // With room for about so many paths: up to the next power of two.
  explicit Doorkeeper(std::size_t paths) : size_(std::bit_ceil(std::max<std::size_t>(paths, 1))) {}

  // Whether the path was seen a short while ago.
  [[nodiscard]] bool Knows(std::string_view path) const {
    if (marks_.empty()) return false;
    const Sight sight = Of(path);
    return marks_[sight.place] == sight.mark;
  }

  // The same, and from now on it was.
  bool Greet(std::string_view path) {
    if (marks_.empty()) marks_.resize(size_);
    const Sight sight = Of(path);
    return std::exchange(marks_[sight.place], sight.mark) == sight.mark;
  }

 private:
  struct Sight {
    std::size_t place;
    std::uint16_t mark;  // of other bits than the place; never zero, the mark of an empty place
  };
  [[nodiscard]] Sight Of(std::string_view path) const {
    const std::uint64_t hash = std::hash<std::string_view>{}(path);
    return {hash & (size_ - 1), static_cast<std::uint16_t>(hash >> 48 | 1)};
  }

  std::size_t size_;
  std::vector<std::uint16_t> marks_;
};

}  // namespace colmeia::files
