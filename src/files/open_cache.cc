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
  entries_.ForEach([this](Entry& entry) { SetFile(entry, nullptr); });
}

Lookup OpenCache::Open(std::string_view path, Want want, const CacheRules& rules, util::TimePoint now) {
  Entry* const entry = entries_.Find(path);
  if (entry != nullptr) {
    ++entry->uses;
    entry->accessed = now;
    recency_.MoveToFront(*entry);
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
  int error = 0;
  std::shared_ptr<const File> file;
  bool settled = true;
  // Of what is new, the descriptor tells whatever stat(2) would.
  bool load = entry == nullptr && want == Want::kContent;
  if (!load) {
    const Found found = Look(path);
    error = found.error;
    const bool same = error == 0 && entry != nullptr && entry->file != nullptr && entry->file->stamp() == found.stamp;
    const bool believable = same && (entry->settled || !entry->file->in_memory());
    if (believable && Answers(*entry->file, want)) {
      entry->checked = now;
      return {entry->file, 0};
    }
    load = error == 0 && want == Want::kContent && found.stamp.kind() == Kind::kRegular;
    if (error == 0 && !load) file = std::make_shared<const File>(found.stamp);
  }
  if (load) {
    Loaded loaded = Load(path, *room_.used < room_.most ? room_.small : 0);
    error = loaded.error;
    file = std::move(loaded.file);
    settled = loaded.settled;
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
  while (entries_.size() >= spec_.max && recency_.last() != nullptr) Remove(*recency_.last());
  Entry& entry = entries_.Add(path);
  recency_.PushFront(entry);
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
  entries_.Erase(entry);
}

void OpenCache::Expire(util::TimePoint now) {
  static constexpr int kAtOnce = 2;
  for (int i = 0; i < kAtOnce; ++i) {
    Entry* const oldest = recency_.last();
    if (oldest == nullptr || now - oldest->accessed <= spec_.inactive) return;
    Remove(*oldest);
  }
}

}  // namespace colmeia::files
