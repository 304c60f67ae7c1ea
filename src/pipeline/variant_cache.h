// VariantCache: files in content codings, in memory, so that a file which is asked for again is not compressed again.
//
// 1. A variant is made at the second request for the same version of a file in the same coding and level, from all of
//    its bytes. Small files are coded at once; larger ones on another thread, one at a time, while requests are
//    answered as if there were no cache.
// 2. Never stale: the key is the file's stamp, and only files that have settled are taken (files/file.h).
// 3. Bounded: the caller says by how many bytes. The least recently used go first, and none holds more than a quarter.
//
// It is for one thread, and one per worker. What it gives out stays good when it has forgotten it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "coding/coder.h"
#include "files/doorkeeper.h"
#include "files/file.h"
#include "http/accept_encoding.h"
#include "loop/work.h"
#include "scoreboard/layout.h"
#include "util/intrusive_list.h"

namespace colmeia::loop {
class Loop;
}

namespace colmeia::pipeline {

class VariantCache {
 public:
  using Variant = std::shared_ptr<const std::string>;

  // How a variant is made. `make` is called on any thread, with the length of the input.
  struct Recipe {
    http::Coding coding = http::Coding::kGzip;
    int level = 1;
    std::function<std::unique_ptr<coding::Coder>(std::uint64_t length)> make;
  };

  // Without a loop (in unit tests) large files are never kept. Hits and misses go to `counts`.
  explicit VariantCache(loop::Loop* loop = nullptr, scoreboard::SlotWriter counts = {})
      : loop_(loop), counts_(counts) {}
  ~VariantCache();
  VariantCache(const VariantCache&) = delete;
  VariantCache& operator=(const VariantCache&) = delete;

  // The variant of a regular file, or null when there is none yet. `limit` is the bound of all in bytes, 0 for no
  // cache. With `only_look` none is made, and nothing is counted when there is none.
  [[nodiscard]] Variant Get(const std::shared_ptr<const files::File>& file, const Recipe& recipe, std::size_t limit,
                            bool only_look = false);

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // A large file is being coded.
  [[nodiscard]] bool busy() const { return work_ != nullptr; }

 private:
  struct Entry {
    const std::string* key = nullptr;
    Variant variant;  // null: it would be too large
    util::ListLink<Entry> link;
  };
  struct Job;

  void Keep(const std::string& key, std::optional<std::string> text, std::size_t limit);
  void Start(std::shared_ptr<Job> job);
  [[nodiscard]] static std::size_t Cost(const Entry& entry);

  loop::Loop* loop_;  // outlives this
  scoreboard::SlotWriter counts_;
  files::Doorkeeper seen_{4096};
  std::unordered_map<std::string, Entry> entries_;
  util::IntrusiveList<Entry, &Entry::link> recency_;  // the most recently used first
  std::size_t bytes_ = 0;
  std::shared_ptr<Job> job_;
  std::unique_ptr<loop::Work> work_;
};

}  // namespace colmeia::pipeline
