#include "files/store.h"

#include <utility>

#include "files/loader.h"

namespace colmeia::files {
namespace {

// What an entry costs beside its path and its content: the File, the Entry, its places in the table, the allocator's
// own.
constexpr std::size_t kOverhead = 512;

// Whether what is remembered answers the question, provided that the disk still agrees.
bool Answers(const File& file, bool settled, Want want) {
  if (want == Want::kFacts || file.kind() != Kind::kRegular) return true;
  return file.in_memory() && settled;
}

// Whether its bytes can only come from opening it again.
bool HasToBeOpened(const File& file) { return file.kind() == Kind::kRegular && !file.in_memory(); }

}  // namespace

Store::Store() : Store(Limits{}) {}
Store::Store(const Limits& limits) : limits_(limits), doorkeeper_(limits.paths) {}
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
  Entry* const entry = entries_.Find(path);
  if (entry != nullptr) {
    const bool checked = query.moment != 0 && entry->moment == query.moment;
    if (checked && Answers(*entry->file, entry->settled, query.want)) return {entry->file, 0};
  }
  // What has to be opened anyway is not asked for first: the descriptor tells whatever stat(2) would.
  if (query.want == Want::kContent && (entry == nullptr || HasToBeOpened(*entry->file))) {
    return Reload(path, entry, query);
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
    recency_.MoveToFront(*entry);
    return {entry->file, 0};
  }
  if (query.want == Want::kContent && found.stamp.kind() == Kind::kRegular) return Reload(path, entry, query);
  auto facts = std::make_shared<const File>(found.stamp);
  Keep(path, entry, facts, false, query);
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
    Keep(path, entry, loaded.file, loaded.settled, query);
  } else if (entry == nullptr || entry->file->stamp() != loaded.file->stamp()) {
    Keep(path, entry, std::make_shared<const File>(loaded.file->stamp()), false, query);
  } else {
    entry->moment = query.moment;
    recency_.MoveToFront(*entry);
  }
  return {std::move(loaded.file), 0};
}

void Store::Keep(std::string_view path, Entry* entry, std::shared_ptr<const File> file, bool settled,
                 const Query& query) {
  if (entry == nullptr) {
    if (!Admits(path, *file, query.want)) return;
    entry = &entries_.Add(path);
    recency_.PushFront(*entry);
  } else {
    bytes_ -= Cost(*entry);
    recency_.MoveToFront(*entry);
  }
  entry->file = std::move(file);
  entry->settled = settled;
  entry->moment = query.moment;
  bytes_ += Cost(*entry);
  Shrink(entry);
}

void Store::Forget(Entry* entry) {
  bytes_ -= Cost(*entry);
  recency_.Remove(*entry);
  entries_.Erase(*entry);
}

void Store::Shrink(const Entry* keep) {
  while ((bytes_ > limits_.bytes || entries_.size() > limits_.paths) && recency_.last() != keep) {
    Forget(recency_.last());
  }
}

bool Store::Admits(std::string_view path, const File& file, Want want) {
  if (entries_.size() < limits_.paths && bytes_ + Cost(path, file) <= limits_.bytes) return true;
  // try_files and index ask for facts first, then for content: one request is one sight.
  return want == Want::kContent ? doorkeeper_.Greet(path) : doorkeeper_.Knows(path);
}

std::size_t Store::Cost(std::string_view path, const File& file) {
  return kOverhead + path.size() + file.content().size();
}

}  // namespace colmeia::files
