#include "files/store.h"

#include <utility>

#include "files/loader.h"

namespace colmeia::files {
namespace {

// What an entry costs beside its path and its content: the File, the map's node, the allocator's own.
constexpr std::size_t kOverhead = 512;

// Whether what is remembered answers the question, provided that the disk still agrees.
bool Answers(const File& file, bool settled, Want want) {
  if (want == Want::kFacts || file.kind() != Kind::kRegular) return true;
  return file.in_memory() && settled;
}

}  // namespace

Store::Store() : Store(Limits{}) {}
Store::Store(const Limits& limits) : limits_(limits) {}
Store::~Store() = default;

Lookup Store::Open(std::string_view path, const Query& query) {
  if (query.rules == nullptr || query.rules->cache == nullptr) return OpenFresh(path, query);
  const CacheSpec* const spec = query.rules->cache.get();
  std::unique_ptr<OpenCache>& cache = caches_[spec];
  if (!cache) {
    cache = std::make_unique<OpenCache>(
        *spec, OpenCache::Room{.small = limits_.small, .most = limits_.bytes, .used = &cache_bytes_});
  }
  return cache->Open(path, query.want, *query.rules, query.now);
}

Lookup Store::OpenFresh(std::string_view path, const Query& query) {
  Entry* const entry = Find(path);
  if (entry != nullptr) {
    const bool checked = query.moment != 0 && entry->moment == query.moment;
    if (checked && Answers(*entry->file, entry->settled, query.want)) return {entry->file, 0};
    // A large file has to be opened, and its descriptor tells whatever stat(2) would.
    const File& known = *entry->file;
    if (query.want == Want::kContent && known.kind() == Kind::kRegular && !known.in_memory()) {
      return Reload(path, entry, query);
    }
  }

  ++counters_.looks;
  const Found found = Look(path);
  if (found.error != 0) {
    if (entry != nullptr) Forget(entry);
    return {nullptr, found.error};
  }
  const bool same = entry != nullptr && entry->file->stamp() == found.stamp;
  if (same && Answers(*entry->file, entry->settled, query.want)) {
    entry->moment = query.moment;
    recency_.Touch(*entry);
    return {entry->file, 0};
  }
  if (query.want == Want::kContent && found.stamp.kind() == Kind::kRegular) return Reload(path, entry, query);
  auto facts = std::make_shared<const File>(found.stamp);
  Keep(path, entry, facts, false, query.moment);
  return {std::move(facts), 0};
}

Lookup Store::Reload(std::string_view path, Entry* entry, const Query& query) {
  ++counters_.loads;
  Loaded loaded = Load(path, limits_.small);
  if (loaded.error != 0) {
    if (entry != nullptr) Forget(entry);
    return {nullptr, loaded.error};
  }
  if (loaded.file->fd() < 0) {
    Keep(path, entry, loaded.file, loaded.settled, query.moment);
  } else if (entry == nullptr || entry->file->stamp() != loaded.file->stamp()) {
    Keep(path, entry, std::make_shared<const File>(loaded.file->stamp()), false, query.moment);
  } else {
    entry->moment = query.moment;
    recency_.Touch(*entry);
  }
  return {std::move(loaded.file), 0};
}

Store::Entry* Store::Find(std::string_view path) {
  const auto at = entries_.find(path);
  return at == entries_.end() ? nullptr : &at->second;
}

void Store::Keep(std::string_view path, Entry* entry, std::shared_ptr<const File> file, bool settled,
                 std::uint64_t moment) {
  if (entry == nullptr) {
    const auto [at, added] = entries_.try_emplace(std::string(path));
    entry = &at->second;
    entry->path = at->first;
    recency_.Add(*entry);
  } else {
    bytes_ -= Cost(*entry);
    recency_.Touch(*entry);
  }
  entry->file = std::move(file);
  entry->settled = settled;
  entry->moment = moment;
  bytes_ += Cost(*entry);
  Shrink(entry);
}

void Store::Forget(Entry* entry) {
  bytes_ -= Cost(*entry);
  recency_.Remove(*entry);
  entries_.erase(entries_.find(entry->path));
}

void Store::Shrink(const Entry* keep) {
  while ((bytes_ > limits_.bytes || entries_.size() > limits_.paths) && recency_.oldest() != keep) {
    Forget(recency_.oldest());
  }
}

std::size_t Store::Cost(const Entry& entry) { return kOverhead + 2 * entry.path.size() + entry.file->content().size(); }

}  // namespace colmeia::files
