// Store: what a worker remembers of files, so that a warm request for a small one costs a single stat(2) and no copy.
//
// 1. Always fresh: without open_file_cache every request asks the file system whether what is remembered is still so;
//    requests that arrived together, pipelined behind each other, share the answer. A rewrite of the same size within
//    one tick of the clock is seen too: bytes read so soon after the file's last change are read again next time.
//    (Writes through a shared mapping count when the kernel stamps them, as for every program.)
// 2. Bounded: contents at most Limits::bytes, paths at most Limits::paths. While there is room every path is kept. Once
//    it is full, a new path takes the place of the least recently used one only when it was missed before and about
//    as many misses ago as there are places, or fewer (files/doorkeeper.h): a crawler that asks for everything once
//    pushes nothing out, and costs no bookkeeping. Asking for facts alone does not count.
// 3. With open_file_cache it keeps nginx's promises instead: nothing is asked within `valid`, descriptors stay open.
//
// It blocks for as long as the disk takes, and it is for one thread.
//
//   const files::Lookup found = store.Open(path, {.moment = moment});
//   if (!found) ... found.error ...
//   body.Add(found.file->in_memory() ? Piece::Memory(found.file->content()) : Piece::File(found.file->fd(), 0, size));
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "files/doorkeeper.h"
#include "files/file.h"
#include "files/open_cache.h"
#include "files/path_table.h"
#include "util/clock.h"
#include "util/intrusive_list.h"

namespace colmeia::files {

struct Query {
  Want want = Want::kContent;
  // A number of what arrived together: questions of one moment see one state of the disk, so what was checked for the
  // first of them is not checked again. 0 = a moment of its own.
  std::uint64_t moment = 0;
  const CacheRules* rules = nullptr;  // of open_file_cache; null or without a cache: always fresh
  util::TimePoint now{};              // for the rules
};

class Store {
 public:
  struct Limits {
    std::size_t small = 64 * 1024;         // files up to this many bytes are kept in memory
    std::size_t bytes = 32 * 1024 * 1024;  // of contents, paths and bookkeeping; the same again for open_file_cache
    std::size_t paths = 16 * 1024;
  };
  // What was asked of the file system, for tests.
  struct Counters {
    std::uint64_t looks = 0;  // stat(2)
    std::uint64_t loads = 0;  // open(2), fstat(2) and perhaps read(2)
  };

  Store();
  explicit Store(const Limits& limits);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  // What is under `path`. REQUIRES: the path is absolute and NUL-terminated one byte past its end.
  [[nodiscard]] Lookup Open(std::string_view path, const Query& query);

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  // held by fresh entries
  [[nodiscard]] std::size_t paths() const { return entries_.size(); }

 private:
  // What is remembered of a path.
  struct Entry {
    std::string path;
    std::shared_ptr<const File> file;
    bool settled = false;
    std::uint64_t moment = 0;  // the last one that it was checked in
    util::ListLink<Entry> link;
  };
  Lookup OpenFresh(std::string_view path, const Query& query);
  Lookup Reload(std::string_view path, Entry* entry, const Query& query);
  // Remembers `file` under `path`; `entry` is what was remembered before, or null: then only if it is admitted.
  void Keep(std::string_view path, Entry* entry, std::shared_ptr<const File> file, bool settled, const Query& query);
  void Forget(Entry* entry);
  void Shrink(const Entry* keep);
  // Whether a path that is not remembered is to be from now on.
  bool Admits(std::string_view path, const File& file, Want want);
  static std::size_t Cost(std::string_view path, const File& file);
  static std::size_t Cost(const Entry& entry) { return Cost(entry.path, *entry.file); }

  Limits limits_;
  Counters counters_;
  PathTable<Entry> entries_;
  util::IntrusiveList<Entry, &Entry::link> recency_;  // the most recently used first
  Doorkeeper doorkeeper_;
  std::size_t bytes_ = 0;
  std::size_t cache_bytes_ = 0;  // of contents in all of caches_
  std::unordered_map<const CacheSpec*, std::unique_ptr<OpenCache>> caches_;
};

}  // namespace colmeia::files
