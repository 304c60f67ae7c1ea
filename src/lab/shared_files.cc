// Files that two processes share: one tells the other by the write itself (inotify), or they take turns by locks.
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>

#include "lab/link_io.h"
#include "lab/stage.h"
#include "sys/files.h"

namespace colmeia::lab {
namespace {

std::size_t ReadAt(int fd, std::span<char> bytes, std::size_t offset) {
  ssize_t got = 0;
  do {
    got = pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  return static_cast<std::size_t>(Must(got, "cannot read a shared file"));
}

// One file for each direction, which its writer appends to, and a reader that follows as `tail -f` does: it reads what
// there is, and only at the end asks inotify to be told of more.
class InotifyLink final : public Link {
 public:
  explicit InotifyLink(const std::string& scratch) {
    for (std::size_t side = 0; side < 2; ++side) {
      const std::string path = scratch + (side == 0 ? "/to-first" : "/to-second");
      to_[side].write = Value(sys::OpenFile(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600));
      to_[side].read = Value(sys::OpenFile(path, O_RDONLY, 0600));
      to_[side].news.reset(Must(inotify_init1(IN_CLOEXEC), "cannot make an inotify descriptor"));
      Must(inotify_add_watch(to_[side].news.get(), path.c_str(), IN_MODIFY), "cannot watch a file");
      unlink(path.c_str());
    }
  }

  void TakeSide(Side, pid_t) override {}

  void Send(Side side, std::span<const char> message) override {
    WriteWhole(to_[1 - Index(side)].write.get(), message);
  }

  const char* Receive(Side side, std::size_t size) override {
    Way& way = to_[Index(side)];
    if (way.buffer.size() < size) way.buffer.resize(size);
    std::size_t have = 0;
    for (;;) {
      have += ReadAt(way.read.get(), {way.buffer.data() + have, size - have}, way.offset + have);
      if (have == size) break;
      alignas(inotify_event) char events[sizeof(inotify_event) * 16];
      ssize_t got = 0;
      do {
        got = read(way.news.get(), events, sizeof events);
      } while (got < 0 && errno == EINTR);
      Must(got, "cannot read from inotify");
    }
    way.offset += size;
    return way.buffer.data();
  }

  // Unbounded: the file grows.
  [[nodiscard]] std::size_t Capacity() const override { return kMaxTotal; }

  static constexpr std::size_t kMaxTotal = std::size_t{48} << 20;

 private:
  struct Way {
    sys::UniqueFd write;
    sys::UniqueFd read;
    sys::UniqueFd news;
    std::vector<char> buffer;
    std::size_t offset = 0;
  };
  Way to_[2];
};

// A file that holds one message, and turns to write it that go to and fro by locks alone, without polling.
//
// Turn t belongs to the first side when it is even. Whoever has turn t holds the lock on byte t % 4 of a second file,
// and the other waits for that very lock: getting it means that the turn has passed. So before a side gives its turn
// away it must already hold the lock of its next one, t + 2. The locks belong to open files (F_OFD_SETLKW), not to
// processes.
class LockLink final : public Link {
 public:
  explicit LockLink(const std::string& scratch) {
    const std::string message = scratch + "/message";
    const std::string turns = scratch + "/turns";
    for (std::size_t side = 0; side < 2; ++side) {
      message_[side] = Value(sys::OpenFile(message, O_RDWR | O_CREAT, 0600));
      turns_[side] = Value(sys::OpenFile(turns, O_RDWR | O_CREAT, 0600));
      Lock(turns_[side].get(), F_WRLCK, side);
    }
    unlink(message.c_str());
    unlink(turns.c_str());
  }

  // The other side's descriptors stay open here: what they lock is theirs all the same.
  void TakeSide(Side side, pid_t) override { turn_[Index(side)] = Index(side); }

  void Send(Side side, std::span<const char> message) override {
    if (!has_turn(side)) Await(side);
    Must(pwrite(message_[Index(side)].get(), message.data(), message.size(), 0), "cannot write a shared file");
    Pass(side);
  }

  const char* Receive(Side side, std::size_t size) override {
    if (has_turn(side)) Pass(side);
    Await(side);
    std::vector<char>& buffer = buffers_[Index(side)];
    if (buffer.size() < size) buffer.resize(size);
    if (ReadAt(message_[Index(side)].get(), {buffer.data(), size}, 0) != size) GiveUp("a message was cut", 0);
    return buffer.data();
  }

  // One message at a time.
  [[nodiscard]] std::size_t Capacity() const override { return kMaxMessage; }

  static constexpr std::size_t kMaxMessage = 16 * 1024;

 private:
  static void Lock(int fd, short type, std::size_t turn) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(turn % 4);
    lock.l_len = 1;
    while (fcntl(fd, F_OFD_SETLKW, &lock) != 0) {
      if (errno != EINTR) GiveUpWithErrno("cannot lock a file");
    }
  }

  // The first side has the first turn; after that whoever has awaited the other's last one.
  [[nodiscard]] bool has_turn(Side side) const { return has_[Index(side)]; }

  // Waits for the end of the turn before ours.
  void Await(Side side) {
    const std::size_t before = turn_[Index(side)] - 1;
    Lock(turns_[Index(side)].get(), F_WRLCK, before);
    Lock(turns_[Index(side)].get(), F_UNLCK, before);
    has_[Index(side)] = true;
  }

  void Pass(Side side) {
    std::size_t& turn = turn_[Index(side)];
    Lock(turns_[Index(side)].get(), F_WRLCK, turn + 2);
    Lock(turns_[Index(side)].get(), F_UNLCK, turn);
    turn += 2;
    has_[Index(side)] = false;
  }

  sys::UniqueFd message_[2];
  sys::UniqueFd turns_[2];
  std::vector<char> buffers_[2];
  std::size_t turn_[2] = {0, 1};  // the one that this side has or waits for
  bool has_[2] = {true, false};
};

template <class Kind>
std::unique_ptr<Link> Open(const std::string& scratch) {
  return std::make_unique<Kind>(scratch);
}

constexpr Form kForms[] = {
    {"file-inotify", "shared file, inotify",
     "one appends, the other reads on and waits for IN_MODIFY at the end: tail -f", "", Peer::kProcess, Payload::kBytes,
     2, 8, Expected::kAbout, Open<InotifyLink>, 16 * 1024, InotifyLink::kMaxTotal / 3},
    {"file-lock", "shared file, locks",
     "turns go to and fro by byte locks (F_OFD_SETLKW); the message stands in the file", "src/sys/pid_file.cc",
     Peer::kProcess, Payload::kBytes, 2, 12, Expected::kExactly, Open<LockLink>, LockLink::kMaxMessage},
};

}  // namespace

std::span<const Form> FileForms() { return kForms; }

}  // namespace colmeia::lab
