#include "files/open_cache.h"

#include <utility>

#include "files/loader.h"

namespace colmeia::files {
namespace {

bool Answers(const File& file, Want want) {
  return want == Want::kFacts || file.kind() != Kind::kRegular || file.sendable();
}

}  // namespace

OpenCache::OpenCache(const CacheSpec& spec, Room room) : spec_(spec), room_(room) {}

OpenCache::~OpenCache() {
  for (auto& [path, entry] : entries_) SetFile(entry, nullptr);
}

Lookup OpenCache::Open(std::string_view path, Want want, const CacheRules& rules, util::TimePoint now) {
  const auto at = entries_.find(path);
  Entry* const entry = at == entries_.end() ? nullptr : &at->second;
  if (entry != nullptr) {
    ++entry->uses;
    entry->accessed = now;
    recency_.Touch(*entry);
  }
  Expire(now);  // never the one just touched
  if (entry != nullptr) {
    if (now - entry->checked < rules.valid) {
      if (entry->error != 0) return {nullptr, entry->error};
      if (Answers(*entry->file, want)) return {entry->file, 0};
    }
  }
  return Ask(path, entry, want, rules, now);
}

Lookup OpenCache::Ask(std::string_view path, Entry* entry, Want want, const CacheRules& rules, util::TimePoint now) {
  const Found found = Look(path);
  int error = found.error;
  std::shared_ptr<const File> file;
  bool settled = true;
  if (error == 0) {
    const bool same = entry != nullptr && entry->file != nullptr && entry->file->stamp() == found.stamp;
    const bool believable = same && (entry->settled || !entry->file->in_memory());
    if (believable && Answers(*entry->file, want)) {
      entry->checked = now;
      return {entry->file, 0};
    }
    if (want == Want::kContent && found.stamp.kind() == Kind::kRegular) {
      Loaded loaded = Load(path, *room_.used < room_.most ? room_.small : 0);
      error = loaded.error;
      file = std::move(loaded.file);
      settled = loaded.settled;
    } else {
      file = std::make_shared<const File>(found.stamp);
    }
  }

  if (error != 0 && !rules.errors) {
    if (entry != nullptr) Remove(*entry);
    return {nullptr, error};
  }
  Entry& place = entry != nullptr ? *entry : Add(path);
  place.error = error;
  place.checked = now;
  place.accessed = now;
  place.settled = settled;
  const bool keep_open = place.uses >= rules.min_uses;
  SetFile(place,
          file == nullptr || !file->sendable() || keep_open ? file : std::make_shared<const File>(file->stamp()));
  return {std::move(file), error};
}

OpenCache::Entry& OpenCache::Add(std::string_view path) {
  while (entries_.size() >= spec_.max && recency_.oldest() != nullptr) Remove(*recency_.oldest());
  const auto [at, added] = entries_.try_emplace(std::string(path));
  Entry& entry = at->second;
  entry.path = at->first;
  recency_.Add(entry);
  return entry;
}

void OpenCache::SetFile(Entry& entry, std::shared_ptr<const File> file) {
  if (entry.file != nullptr) *room_.used -= entry.file->content().size();
  entry.file = std::move(file);
  if (entry.file != nullptr) *room_.used += entry.file->content().size();
}

void OpenCache::Remove(Entry& entry) {
  SetFile(entry, nullptr);
  recency_.Remove(entry);
  entries_.erase(entries_.find(entry.path));
}

void OpenCache::Expire(util::TimePoint now) {
  static constexpr int kAtOnce = 2;
  for (int i = 0; i < kAtOnce; ++i) {
    Entry* const oldest = recency_.oldest();
    if (oldest == nullptr || now - oldest->accessed <= spec_.inactive) return;
    Remove(*oldest);
  }
}

}  // namespace colmeia::files
