#include "files/file.h"

#include <utility>

namespace colmeia::files {

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

File::File(const Stamp& stamp) : stamp_(stamp), kind_(stamp.kind()), size_(stamp.size) {
  etag_size_ = http::FormatEtag(modified(), size_, etag_).size();
  http::FormatDate(modified(), last_modified_);
}

File::File(const Stamp& stamp, std::string content)
    : stamp_(stamp), kind_(stamp.kind()), in_memory_(true), size_(content.size()), content_(std::move(content)) {
  etag_size_ = http::FormatEtag(modified(), size_, etag_).size();
  http::FormatDate(modified(), last_modified_);
}

File::File(const Stamp& stamp, sys::UniqueFd fd) : File(stamp) { fd_ = std::move(fd); }

}  // namespace colmeia::files
