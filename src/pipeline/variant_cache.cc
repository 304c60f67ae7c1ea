#include "pipeline/variant_cache.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <span>
#include <string_view>
#include <utility>

#include "sys/io.h"

namespace colmeia::pipeline {
namespace {

// Of the bound, that one variant may have.
constexpr std::size_t kShare = 4;
// What is larger than so many shares will hardly become as small as one.
constexpr std::uint64_t kShrinks = 16;
// Of the bookkeeping of an entry.
constexpr std::size_t kOverhead = 160;

template <class Number>
void AppendBytes(const Number& number, std::string& out) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// All that a variant depends on.
std::string KeyOf(const files::Stamp& stamp, const VariantCache::Recipe& recipe) {
  std::string key;
  AppendBytes(stamp.device, key);
  AppendBytes(stamp.inode, key);
  AppendBytes(stamp.size, key);
  AppendBytes(stamp.modified_s, key);
  AppendBytes(stamp.modified_ns, key);
  AppendBytes(stamp.changed_s, key);
  AppendBytes(stamp.changed_ns, key);
  AppendBytes(recipe.coding, key);
  AppendBytes(recipe.level, key);
  return key;
}

// All of an open file through a coder; nothing if it would be more than `most`, or the file is not what it was.
std::optional<std::string> CodeFile(const files::File& file, coding::Coder& coder, std::size_t most,
                                    const std::atomic<bool>& stop) {
  constexpr std::size_t kBlock = 64 * 1024;
  const auto block = std::make_unique_for_overwrite<char[]>(kBlock);
  std::string out;
  std::string_view input;
  std::uint64_t offset = 0;
  for (coding::Step step; !step.done;) {
    if (stop.load(std::memory_order_relaxed) || out.size() > most) return std::nullopt;
    if (input.empty() && offset < file.size()) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, file.size() - offset));
      if (sys::ReadFileAt(file.fd(), static_cast<off_t>(offset), block.get(), wanted).bytes != wanted) {
        return std::nullopt;
      }
      input = {block.get(), wanted};
      offset += wanted;
    }
    const std::size_t size = out.size();
    out.resize(size + kBlock);
    step = coder.Run(input, std::span(out).subspan(size),
                     offset == file.size() ? coding::Flush::kFinish : coding::Flush::kNo);
    if (step.failed) return std::nullopt;
    out.resize(size + step.produced);
    input.remove_prefix(step.consumed);
  }
  struct stat now {};
  if (::fstat(file.fd(), &now) != 0 || files::Stamp::Of(now) != file.stamp() || out.size() > most) return std::nullopt;
  out.shrink_to_fit();
  return out;
}

}  // namespace

// A large file on another thread. Shared with it, so that it may end after the cache.
struct VariantCache::Job {
  std::string key;
  std::size_t limit = 0;
  std::shared_ptr<const files::File> file;
  Recipe recipe;
  std::atomic<bool> stop{false};
  std::optional<std::string> text;
};

VariantCache::~VariantCache() {
  if (job_ != nullptr) job_->stop = true;
}

VariantCache::Variant VariantCache::Get(const std::shared_ptr<const files::File>& file, const Recipe& recipe,
                                        std::size_t limit, bool only_look) {
  if (limit == 0 || file->kind() != files::Kind::kRegular || !file->settled()) return nullptr;
  const std::string key = KeyOf(file->stamp(), recipe);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    recency_.MoveToFront(found->second);
    if (found->second.variant != nullptr) {
      counts_.Add(scoreboard::Total::kGzipCacheHits);
    } else if (!only_look) {
      counts_.Add(scoreboard::Total::kGzipCacheMisses);
    }
    return found->second.variant;
  }
  if (only_look) return nullptr;
  counts_.Add(scoreboard::Total::kGzipCacheMisses);
  const std::size_t share = limit / kShare;
  if (file->size() / kShrinks > share || !seen_.Greet(key)) return nullptr;
  if (file->in_memory()) {
    const auto coder = recipe.make(file->size());
    if (coder == nullptr) return nullptr;
    Keep(key, coding::RunWhole(*coder, file->content(), share), limit);
    const auto kept = entries_.find(key);
    return kept != entries_.end() ? kept->second.variant : nullptr;
  }
  if (loop_ != nullptr && work_ == nullptr && file->fd() >= 0) {
    auto job = std::make_shared<Job>();
    job->key = key;
    job->limit = limit;
    job->file = file;
    job->recipe = recipe;
    Start(std::move(job));
  }
  return nullptr;
}

void VariantCache::Start(std::shared_ptr<Job> job) {
  job_ = job;
  work_ = std::make_unique<loop::Work>(
      *loop_,
      [job] {
        const auto coder = job->recipe.make(job->file->size());
        if (coder != nullptr) job->text = CodeFile(*job->file, *coder, job->limit / kShare, job->stop);
      },
      [this] {
        const std::shared_ptr<Job> done = std::exchange(job_, nullptr);
        Keep(done->key, std::move(done->text), done->limit);
        work_.reset();
      });
}

void VariantCache::Keep(const std::string& key, std::optional<std::string> text, std::size_t limit) {
  const auto [place, added] = entries_.try_emplace(key);
  if (!added) return;
  Entry& entry = place->second;
  entry.key = &place->first;
  if (text) entry.variant = std::make_shared<const std::string>(*std::move(text));
  recency_.PushFront(entry);
  bytes_ += Cost(entry);
  while (bytes_ > limit) {
    Entry& oldest = *recency_.last();
    recency_.Remove(oldest);
    bytes_ -= Cost(oldest);
    entries_.erase(entries_.find(*oldest.key));
  }
}

std::size_t VariantCache::Cost(const Entry& entry) {
  return kOverhead + entry.key->size() + (entry.variant != nullptr ? entry.variant->size() : 0);
}

}  // namespace colmeia::pipeline
