#include "http/etag.h"

#include <charconv>

#include "util/strings.h"

namespace colmeia::http {
namespace {

std::string_view Opaque(std::string_view etag) {
  if (IsWeak(etag)) etag.remove_prefix(2);
  return etag;
}

// Takes one entity-tag off the front of `list`; empty when there is none.
std::string_view TakeEtag(std::string_view& list) {
  const std::size_t open = IsWeak(list) ? 2 : 0;
  if (list.size() <= open || list[open] != '"') return {};
  const std::size_t close = list.find('"', open + 1);
  if (close == std::string_view::npos) return {};
  const std::string_view etag = list.substr(0, close + 1);
  list.remove_prefix(close + 1);
  return etag;
}

}  // namespace

std::string_view FormatEtag(const FileVersion& version, EtagForm form, std::optional<std::uint64_t> mark,
                            std::span<char, kEtagSize> out) {
  char* const begin = out.data();
  char* const end = begin + out.size();
  char* at = begin;
  const auto put = [&](std::uint64_t number) { at = std::to_chars(at, end, number, 16).ptr; };
  const auto put_time = [&](std::int64_t seconds, std::int64_t nanoseconds) {
    put(static_cast<std::uint64_t>(seconds));
    if (nanoseconds == 0) return;
    *at++ = '.';
    put(static_cast<std::uint64_t>(nanoseconds));
  };
  *at++ = '"';
  put_time(version.modified_s, form == EtagForm::kNginx ? 0 : version.modified_ns);
  *at++ = '-';
  put(version.size);
  if (TagHasChangeTime(version, form)) {
    *at++ = '-';
    put_time(version.changed_s, version.changed_ns);
  }
  if (mark) {
    *at++ = kEtagMark;
    put(*mark);
  }
  *at++ = '"';
  return {begin, static_cast<std::size_t>(at - begin)};
}

bool StrongMatch(std::string_view a, std::string_view b) { return !a.empty() && !IsWeak(a) && a == b; }

bool WeakMatch(std::string_view a, std::string_view b) { return !a.empty() && Opaque(a) == Opaque(b); }

bool EtagListContains(std::string_view list, std::string_view etag, EtagComparison comparison) {
  list = util::Trim(list);
  if (list == "*") return true;
  while (!list.empty()) {
    if (list.front() == ',' || list.front() == ' ' || list.front() == '\t') {
      list.remove_prefix(1);
      continue;
    }
    const std::string_view candidate = TakeEtag(list);
    if (candidate.empty()) return false;
    if (comparison == EtagComparison::kWeak ? WeakMatch(candidate, etag) : StrongMatch(candidate, etag)) return true;
  }
  return false;
}

}  // namespace colmeia::http
