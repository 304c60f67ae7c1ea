// OpenCache: nginx's open_file_cache: what is known of a path is believed for a while without asking the file system,
// and descriptors stay open.
//
// As in nginx: an entry that was not asked for during `inactive` goes, at most two with each question; when all places
// are taken the least recently used goes; a descriptor is kept once the path was asked for `min_uses` times; errors are
// remembered only on request. Small files are kept as bytes as long as there is room for them, else as descriptors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "files/file.h"
#include "files/path_table.h"
#include "util/clock.h"
#include "util/intrusive_list.h"

namespace colmeia::files {

// What the asker needs.
enum class Want : std::uint8_t {
  kFacts,    // kind, size and times
  kContent,  // and of a regular file something to send from
};

// The arguments of one `open_file_cache` directive. Its address names the cache: places that inherit it share the
// cache.
struct CacheSpec {
  std::size_t max = 0;
  util::Milliseconds inactive{60000};
};

// What holds in one place of the configuration.
struct CacheRules {
  std::shared_ptr<const CacheSpec> cache;  // null = off
  util::Milliseconds valid{60000};
  std::uint32_t min_uses = 1;
  bool errors = false;
};

class OpenCache {
 public:
  // Where contents of files may lie: how large a single one, and how much of all caches together.
  struct Room {
    std::size_t small = 0;
    std::size_t most = 0;
    std::size_t* used = nullptr;  // outlives the cache
  };

  OpenCache(const CacheSpec& spec, Room room);
  OpenCache(const OpenCache&) = delete;
  OpenCache& operator=(const OpenCache&) = delete;
  ~OpenCache();

  [[nodiscard]] Lookup Open(std::string_view path, Want want, const CacheRules& rules, util::TimePoint now);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string path;
    std::shared_ptr<const File> file;  // null after an error
    int error = 0;
    bool settled = false;
    std::uint32_t uses = 1;
    util::TimePoint checked{};
    util::TimePoint accessed{};
    util::ListLink<Entry> link;
  };
  void Expire(util::TimePoint now);
  // Asks the file system and remembers what it says; `entry` is what was remembered before, or null.
  Lookup Ask(std::string_view path, Entry* entry, Want want, const CacheRules& rules, util::TimePoint now);
  Entry& Add(std::string_view path);
  void SetFile(Entry& entry, std::shared_ptr<const File> file);
  void Remove(Entry& entry);

  CacheSpec spec_;
  Room room_;
  PathTable<Entry> entries_;
  util::IntrusiveList<Entry, &Entry::link> recency_;  // the most recently used first
};

}  // namespace colmeia::files
