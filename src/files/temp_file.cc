#include "files/temp_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/core.h>

namespace colmeia::files {
namespace {

// Of the last file with a name. Each worker counts for itself.
std::atomic<std::uint32_t> last_number{0};

// How far a number is that is tried when another process, or an earlier one, has taken this one: so a folder that keeps
// its files is not looked through from the beginning. It is nginx's.
constexpr std::uint32_t kLeap = 123456;
constexpr int kMostTries = 10000;

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

tl::unexpected<Error> FailCall(std::string_view call, const std::string& path, int code) {
  return Fail(fmt::format("{} \"{}\" failed ({}: {})", call, path, code, std::strerror(code)), code);
}

sys::UniqueFd OpenOnce(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = open(path.c_str(), O_RDWR | O_CLOEXEC | flags, kFileMode);
  } while (fd < 0 && errno == EINTR);
  return sys::UniqueFd(fd);
}

// The folders between the one of all and the file.
Result<> MakeLevels(const TempPath& folder, const std::string& name) {
  std::size_t end = folder.path.size();
  for (const std::uint8_t digits : folder.levels) {
    if (digits == 0) break;
    end += 1u + digits;
    const std::string path = name.substr(0, end);
    if (mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST) return FailCall("mkdir()", path, errno);
  }
  return {};
}

struct Named {
  sys::UniqueFd fd;
  std::string name;
};

Result<Named> OpenNamed(const TempPath& folder) {
  std::uint32_t number = last_number.fetch_add(1) + 1;
  std::string name;
  bool made_levels = false;
  for (int tries = 0; tries < kMostTries; ++tries) {
    name = TempName(folder, number);
    if (auto fd = OpenOnce(name, O_CREAT | O_EXCL | O_NOFOLLOW)) return Named{std::move(fd), std::move(name)};
    const int code = errno;
    if (code == EEXIST) {
      number = last_number.fetch_add(kLeap) + kLeap;
      made_levels = false;
    } else if (code == ENOENT && folder.levels.front() != 0 && !std::exchange(made_levels, true)) {
      if (auto made = MakeLevels(folder, name); !made) return tl::unexpected(made.error());
    } else {
      return FailCall("open()", name, code);
    }
  }
  return FailCall("open()", name, EEXIST);
}

bool LacksUnnamed(int code) { return code == EOPNOTSUPP || code == EISDIR || code == EINVAL; }

}  // namespace

std::string TempName(const TempPath& folder, std::uint32_t number) {
  const std::string digits = fmt::format("{:0{}}", number, TempPath::kNameSize);
  std::string name = folder.path;
  std::size_t end = digits.size();
  for (const std::uint8_t level : folder.levels) {
    if (level == 0) break;
    end -= level;
    name += '/';
    name.append(digits, end, level);
  }
  return name + '/' + digits;
}

Result<TempFile> TempFile::Open(const TempPath& folder, TempLife life) {
  if (life == TempLife::kUnnamed) {
    // O_EXCL: nobody gives it a name later, either.
    if (auto fd = OpenOnce(folder.path, O_TMPFILE | O_EXCL)) return TempFile(std::move(fd), {}, folder);
    if (!LacksUnnamed(errno)) return FailCall("open()", folder.path, errno);
  }
  auto named = OpenNamed(folder);
  if (!named) return tl::unexpected(named.error());
  if (life == TempLife::kNamed) return TempFile(std::move(named->fd), std::move(named->name), folder);
  if (unlink(named->name.c_str()) != 0) return FailCall("unlink()", named->name, errno);
  return TempFile(std::move(named->fd), {}, folder);
}

TempFile::~TempFile() {
  // Should it be gone already, that is what was wanted.
  if (fd_ && !name_.empty() && !keeps_) unlink(name_.c_str());
}

Result<> TempFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return FailCall("write()", name_.empty() ? folder_ : name_, written < 0 ? errno : ENOSPC);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    length_ += static_cast<std::uint64_t>(written);
  }
  return {};
}

}  // namespace colmeia::files
