#include "http/fields.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "util/check.h"
#include "util/strings.h"

namespace colmeia::http {
namespace {

constexpr std::size_t kIds = static_cast<std::size_t>(HeaderId::kCount);

// In the order of the enumerators.
constexpr std::array<std::string_view, kIds> kFieldNames = {
    "",
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Accept-Ranges",
    "Age",
    "Allow",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Date",
    "Depth",
    "Destination",
    "ETag",
    "Expect",
    "Expires",
    "Forwarded",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Last-Modified",
    "Link",
    "Location",
    "Origin",
    "Overwrite",
    "Pragma",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Range",
    "Referer",
    "Retry-After",
    "Server",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Upgrade-Insecure-Requests",
    "User-Agent",
    "Vary",
    "Via",
    "WWW-Authenticate",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Real-IP",
};
static_assert(kFieldNames[static_cast<std::size_t>(HeaderId::kXRealIp)] == "X-Real-IP");

// A perfect hash over length, first, last and one middle character, whose case does not matter. The factors are
// searched for when this file is compiled, so that a new name needs no thought.
struct Hash {
  unsigned length = 0;
  unsigned first = 0;
  unsigned middle = 0;
  unsigned last = 0;
};
constexpr std::size_t kBuckets = 512;

// The same for both cases of a letter. Other characters may collide; the comparison tells them apart.
constexpr unsigned Fold(char c) { return static_cast<unsigned char>(c) | 0x20U; }

// REQUIRES: `name` is not empty.
constexpr std::size_t Bucket(const Hash& hash, std::string_view name) {
  return (name.size() * hash.length + Fold(name.front()) * hash.first + Fold(name[name.size() / 2]) * hash.middle +
          Fold(name.back()) * hash.last) %
         kBuckets;
}

constexpr bool IsPerfect(const Hash& hash) {
  std::array<bool, kBuckets> taken{};
  for (std::size_t i = 1; i < kIds; ++i) {
    bool& slot = taken[Bucket(hash, kFieldNames[i])];
    if (slot) return false;
    slot = true;
  }
  return true;
}

constexpr Hash FindHash() {
  for (unsigned length = 1; length < 32; length += 2) {
    for (unsigned first = 1; first < 32; first += 2) {
      for (unsigned last = 1; last < 32; last += 2) {
        const Hash hash{length, first, 7, last};
        if (IsPerfect(hash)) return hash;
      }
    }
  }
  return {};
}

constexpr Hash kHash = FindHash();
static_assert(IsPerfect(kHash), "no perfect hash found: widen the search in FindHash or raise kBuckets");

constexpr std::array<HeaderId, kBuckets> MakeTable() {
  std::array<HeaderId, kBuckets> table{};
  for (std::size_t i = 1; i < kIds; ++i) table[Bucket(kHash, kFieldNames[i])] = static_cast<HeaderId>(i);
  return table;
}

constexpr std::array<HeaderId, kBuckets> kTable = MakeTable();

bool SameName(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (util::ToLower(a[i]) != util::ToLower(b[i])) return false;
  }
  return true;
}

// A known name, made for comparing eight characters at once: `text` in lower case, and in `fold` the bit that may
// differ in each of its letters. Both are padded with zeros.
struct Folded {
  static constexpr std::size_t kSize = 32;
  alignas(8) std::array<char, kSize> text{};
  alignas(8) std::array<char, kSize> fold{};
};

constexpr std::array<Folded, kIds> MakeFolded() {
  std::array<Folded, kIds> all{};
  for (std::size_t id = 0; id < kIds; ++id) {
    for (std::size_t i = 0; i < kFieldNames[id].size(); ++i) {
      all[id].text[i] = util::ToLower(kFieldNames[id][i]);
      all[id].fold[i] = util::IsAlpha(kFieldNames[id][i]) ? 0x20 : 0;
    }
  }
  return all;
}

constexpr std::array<Folded, kIds> kFolded = MakeFolded();

template <class Word>
bool SameWord(const Folded& known, const char* name, std::size_t at) {
  Word word = 0;
  Word text = 0;
  Word fold = 0;
  std::memcpy(&word, name + at, sizeof word);
  std::memcpy(&text, known.text.data() + at, sizeof text);
  std::memcpy(&fold, known.fold.data() + at, sizeof fold);
  return static_cast<Word>(word | fold) == text;
}

// Whole words, the last one overlapping the one before. REQUIRES: both names are equally long.
bool SameAsKnown(const Folded& known, std::string_view name) {
  const std::size_t size = name.size();
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      if (!SameWord<std::uint64_t>(known, name.data(), at)) return false;
    }
    return SameWord<std::uint64_t>(known, name.data(), size - 8);
  }
  if (size >= 4) {
    return SameWord<std::uint32_t>(known, name.data(), 0) && SameWord<std::uint32_t>(known, name.data(), size - 4);
  }
  for (std::size_t at = 0; at < size; ++at) {
    if (!SameWord<std::uint8_t>(known, name.data(), at)) return false;
  }
  return true;
}

}  // namespace

HeaderId FindHeaderId(std::string_view name) {
  if (name.empty()) return HeaderId::kOther;
  const HeaderId id = kTable[Bucket(kHash, name)];
  const auto index = static_cast<std::size_t>(id);
  return kFieldNames[index].size() == name.size() && SameAsKnown(kFolded[index], name) ? id : HeaderId::kOther;
}

std::string_view HeaderName(HeaderId id) { return kFieldNames[static_cast<std::size_t>(id)]; }

const Field* Fields::FindFirst(HeaderId id) const {
  const auto at = std::find_if(fields_.begin(), fields_.end(), [id](const Field& field) { return field.id == id; });
  return at == fields_.end() ? nullptr : &*at;
}

const Field* Fields::Find(std::string_view name) const {
  const HeaderId id = FindHeaderId(name);
  if (id != HeaderId::kOther) return Find(id);
  const auto at = std::find_if(fields_.begin(), fields_.end(), [name](const Field& field) {
    return field.id == HeaderId::kOther && SameName(field.name, name);
  });
  return at == fields_.end() ? nullptr : &*at;
}

void Fields::Set(HeaderId id, std::string_view value) {
  CHECK(id != HeaderId::kOther);
  Set(HeaderName(id), value);
}

void Fields::Set(std::string_view name, std::string_view value) {
  const HeaderId id = FindHeaderId(name);
  const auto same = [id, name](const Field& field) {
    return field.id == id && (id != HeaderId::kOther || SameName(field.name, name));
  };
  const auto first = std::find_if(fields_.begin(), fields_.end(), same);
  if (first == fields_.end()) {
    Add(id, name, value);
    return;
  }
  first->value = value;
  fields_.erase(std::remove_if(first + 1, fields_.end(), same), fields_.end());
}

std::size_t Fields::Remove(HeaderId id) {
  if (!Has(id)) return 0;
  CHECK(id != HeaderId::kOther);
  present_ &= ~Bit(id);
  return std::erase_if(fields_, [id](const Field& field) { return field.id == id; });
}

}  // namespace colmeia::http
