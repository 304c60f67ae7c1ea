#include "files/file.h"

#include <functional>
#include <optional>
#include <utility>

namespace colmeia::files {
namespace {

std::uint64_t MonotonicNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

Stamp Stamp::Of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .mode = status.st_mode,
          .size = static_cast<std::uint64_t>(status.st_size),
          .modified_s = status.st_mtim.tv_sec,
          .modified_ns = status.st_mtim.tv_nsec,
          .changed_s = status.st_ctim.tv_sec,
          .changed_ns = status.st_ctim.tv_nsec};
}

Kind Stamp::kind() const {
  if (S_ISREG(mode)) return Kind::kRegular;
  return S_ISDIR(mode) ? Kind::kDirectory : Kind::kOther;
}

File::File(const Stamp& stamp) : stamp_(stamp), kind_(stamp.kind()), size_(stamp.size) { MakeTexts(); }

File::File(const Stamp& stamp, std::string content, Settling settling)
    : stamp_(stamp),
      kind_(stamp.kind()),
      in_memory_(true),
      settling_(settling),
      size_(content.size()),
      content_(std::move(content)) {
  MakeTexts();
}

File::File(const Stamp& stamp, sys::UniqueFd fd, Settling settling)
    : stamp_(stamp), kind_(stamp.kind()), settling_(settling), size_(stamp.size), fd_(std::move(fd)) {
  MakeTexts();
}

void File::MakeTexts() {
  etag_size_ = EtagAs(http::EtagForm::kOn, false, etag_).size();
  http::FormatDate(modified(), last_modified_);
}

std::string_view File::EtagAs(http::EtagForm form, bool marked, std::span<char, http::kEtagSize> out) const {
  http::FileVersion version = stamp_.version();
  version.size = size_;
  const bool with_change = http::TagHasChangeTime(version, form);
  const bool settled = settling_.changed || (settling_.modified && !with_change);
  const bool has_mark = form != http::EtagForm::kNginx && (!settled || (in_memory_ && (marked || with_change)));
  return http::FormatEtag(version, form, has_mark ? std::optional(Mark()) : std::nullopt, out);
}

// Of the bytes; else one that nothing else has, since they are not known.
std::uint64_t File::Mark() const {
  if (mark_ == 0) mark_ = in_memory_ ? std::hash<std::string_view>{}(content_) : MonotonicNanoseconds();
  return mark_;
}

}  // namespace colmeia::files
