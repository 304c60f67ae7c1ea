// PathTable: entries by their path, so laid out that a path which is not there costs one look at a small table.
//
// A working set larger than the CPU's caches makes every pointer followed a wait for memory. So the hashes lie in an
// array of their own, four bytes each and at most half full, and an entry is visited only when all 32 bits of its hash
// agree. Entries stay where they are until they are erased; their addresses are good until then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace colmeia::files {

// An Entry has a member `std::string path`, is made without arguments, and keeps its path.
template <class Entry>
class PathTable {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }

  // Null when there is none.
  [[nodiscard]] Entry* Find(std::string_view path) const {
    if (size_ == 0) return nullptr;
    const std::uint32_t tag = Tag(path);
    for (std::size_t at = tag & mask(); tags_[at] != 0; at = (at + 1) & mask()) {
      if (tags_[at] == tag && entries_[at]->path == path) return entries_[at].get();
    }
    return nullptr;
  }

  // REQUIRES: there is none with this path.
  Entry& Add(std::string_view path) {
    if (2 * (size_ + 1) > tags_.size()) Grow();
    auto entry = std::make_unique<Entry>();
    entry->path = path;
    Entry& added = *entry;
    Put(Tag(path), std::move(entry));
    ++size_;
    return added;
  }

  // REQUIRES: the entry is one of these.
  void Erase(const Entry& entry) {
    std::size_t hole = Tag(entry.path) & mask();
    while (entries_[hole].get() != &entry) hole = (hole + 1) & mask();
    const std::unique_ptr<Entry> erased = std::move(entries_[hole]);
    // Those behind it that had to step aside move up, so that no search ends at the hole before it comes to them.
    for (std::size_t at = (hole + 1) & mask(); tags_[at] != 0; at = (at + 1) & mask()) {
      const std::size_t aside = (at - (tags_[at] & mask())) & mask();  // how far from where it belongs
      if (aside < ((at - hole) & mask())) continue;
      tags_[hole] = tags_[at];
      entries_[hole] = std::move(entries_[at]);
      hole = at;
    }
    tags_[hole] = 0;
    --size_;
  }

  template <class Visit>
  void ForEach(Visit visit) {
    for (const auto& entry : entries_) {
      if (entry != nullptr) visit(*entry);
    }
  }

 private:
  static constexpr std::size_t kSmallest = 16;

  // Never zero, which marks a free place.
  static std::uint32_t Tag(std::string_view path) {
    const auto tag = static_cast<std::uint32_t>(std::hash<std::string_view>{}(path));
    return tag != 0 ? tag : 1;
  }

  [[nodiscard]] std::size_t mask() const { return tags_.size() - 1; }

  void Put(std::uint32_t tag, std::unique_ptr<Entry> entry) {
    std::size_t at = tag & mask();
    while (tags_[at] != 0) at = (at + 1) & mask();
    tags_[at] = tag;
    entries_[at] = std::move(entry);
  }

  void Grow() {
    const std::size_t size = tags_.empty() ? kSmallest : 2 * tags_.size();
    const std::vector<std::uint32_t> tags = std::exchange(tags_, std::vector<std::uint32_t>(size));
    std::vector<std::unique_ptr<Entry>> entries = std::exchange(entries_, std::vector<std::unique_ptr<Entry>>(size));
    for (std::size_t i = 0; i < tags.size(); ++i) {
      if (tags[i] != 0) Put(tags[i], std::move(entries[i]));
    }
  }

  std::vector<std::uint32_t> tags_;  // 0 = free; a power of two of places
  std::vector<std::unique_ptr<Entry>> entries_;
  std::size_t size_ = 0;
};

}  // namespace colmeia::files
