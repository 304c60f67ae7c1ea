#include "master/handover.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include <fmt/core.h>

#include "ipc/codec.h"
#include "resources/inherited.h"
#include "sys/error.h"
#include "sys/files.h"
#include "sys/sockets.h"
#include "util/strings.h"

namespace colmeia::master {
namespace {

constexpr std::uint32_t kMagic = 0x4f484c43;  // "CLHO"
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kHeaderSize = 7;
// Diagnostics of a configuration may be long; a frame of this size always fits into a fresh socket.
constexpr std::size_t kLongestWhy = 16 * 1024;
constexpr std::size_t kLongestFrame = kLongestWhy + 64;

enum class FrameType : std::uint8_t {
  kHello = 1,   // pid (int32): I run
  kReady = 2,   // all my workers serve
  kFailed = 3,  // why (string): I cannot, and shall end
};

std::string Frame(FrameType type) {
  std::string out;
  ipc::Encoder encoder(out);
  encoder(kMagic, kVersion, type);
  return out;
}

// The type of a frame, and its fields; nothing for what is no frame of ours.
struct Parsed {
  FrameType type{};
  ipc::Decoder fields;
};
std::optional<Parsed> Parse(std::string_view frame) {
  if (frame.size() < kHeaderSize) return std::nullopt;
  Parsed parsed{{}, ipc::Decoder(frame)};
  std::uint32_t magic = 0;
  std::uint16_t version = 0;
  if (!parsed.fields(magic, version, parsed.type) || magic != kMagic || version == 0) return std::nullopt;
  return parsed;
}

// Of NAME=value entries, without those of the given names.
std::vector<std::string> Without(std::vector<std::string> environment, std::initializer_list<std::string_view> names) {
  std::erase_if(environment, [&](std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('='));
    return std::find(names.begin(), names.end(), name) != names.end();
  });
  return environment;
}

std::vector<std::string> EnvironmentOf(const SuccessorOptions& options) {
  std::vector<std::string> out = Without(
      options.environment, {resources::kListenPidVariable, resources::kListenFdsVariable,
                            resources::kListenNamesVariable, resources::kHandoverVariable, resources::kZonesVariable,
                            "WATCHDOG_PID"});  // the new master feeds the watchdog that was ours
  std::string names;
  for (const resources::HandedSocket& socket : options.sockets) {
    if (!names.empty()) names += ':';
    names += resources::InheritableName(socket.name);
  }
  const std::size_t count = options.sockets.size();
  out.push_back(fmt::format("{}={}", resources::kListenFdsVariable, count));
  out.push_back(fmt::format("{}={}", resources::kListenNamesVariable, names));
  out.push_back(
      fmt::format("{}={}", resources::kHandoverVariable, resources::kFirstInheritedFd + static_cast<int>(count)));
  if (!options.zones.zones.empty()) {
    const int behind = resources::kFirstInheritedFd + static_cast<int>(count) + 1;
    out.push_back(fmt::format("{}={}", resources::kZonesVariable, behind));
  }
  return out;
}

// What recv(2) brought.
enum class Got {
  kFrame,
  kNothing,  // nothing waits
  kEnd,      // the other side is gone
};
Got Receive(int fd, std::string& frame) {
  frame.resize(kLongestFrame);
  ssize_t size = -1;
  do {
    size = recv(fd, frame.data(), frame.size(), MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return errno == EAGAIN ? Got::kNothing : Got::kEnd;
  frame.resize(static_cast<std::size_t>(size));
  return size == 0 ? Got::kEnd : Got::kFrame;
}

bool IsProgram(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

// The beginning of a file, up to the machine in an ELF header.
constexpr std::size_t kElfStart = 20;
std::string StartOf(const std::string& path) {
  std::string bytes(kElfStart, '\0');
  const auto fd = sys::OpenFile(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
  const ssize_t size = fd ? pread(fd->get(), bytes.data(), bytes.size(), 0) : 0;
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return bytes;
}

// What the kernel cannot run, exec's C function hands to a shell, which must not happen to a binary.
Result<> CheckProgram(const std::string& path) {
  if (access(path.c_str(), X_OK) != 0) return sys::FailErrno("cannot run " + path);
  static constexpr std::string_view kElf =
      "\x7f"
      "ELF";
  const std::string bytes = StartOf(path);
  if (bytes.starts_with("#!")) return {};
  if (!bytes.starts_with(kElf) || bytes.size() < kElfStart) {
    return Fail(fmt::format("cannot run {}: it is no program", path), ENOEXEC);
  }
  // Class, byte order and machine (elf(5)), which are ours.
  const std::string self = StartOf("/proc/self/exe");
  const auto differs = [&](std::size_t at) { return at < self.size() && bytes[at] != self[at]; };
  if (differs(4) || differs(5) || differs(18) || differs(19)) {
    return Fail(fmt::format("cannot run {}: it was built for another machine", path), ENOEXEC);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Successor>> Successor::Spawn(loop::Loop& loop, ChildListener& listener,
                                                    const SuccessorOptions& options) {
  if (auto program = CheckProgram(options.program); !program) return tl::unexpected(program.error());
  auto pair = sys::SeqPacketPair();
  if (!pair) return tl::unexpected(pair.error());
  loop::SpawnOptions spawn;
  spawn.file = options.program;
  spawn.args = options.arguments;
  spawn.env = EnvironmentOf(options);
  spawn.fds = {loop::SpawnOptions::kNone, options.stdout_fd, options.stderr_fd};
  for (const resources::HandedSocket& socket : options.sockets) spawn.fds.push_back(socket.fd);
  spawn.fds.push_back(pair->second.get());
  sys::UniqueFd description;
  if (!options.zones.zones.empty()) {
    auto described = resources::DescribeZones(options.zones);
    if (!described) return tl::unexpected(described.error());
    description = *std::move(described);
    spawn.fds.push_back(description.get());
    for (const auto& zone : options.zones.zones) spawn.fds.push_back(zone->fd.get());
  }

  std::unique_ptr<Successor> successor(new Successor(listener));
  Successor* const self = successor.get();
  auto process = loop::Process::Spawn(loop, spawn, [self](loop::ExitStatus status) { self->OnExit(status); });
  if (!process) return tl::unexpected(process.error());
  successor->process_ = *std::move(process);
  successor->channel_ = std::move(pair->first);
  successor->poll_ = std::make_unique<loop::Poll>(loop, successor->channel_.get(), [self](int) { self->OnReadable(); });
  successor->poll_->Start(loop::kReadable);
  return successor;
}

void Successor::Kill(int signal) { static_cast<void>(process_->Kill(signal)); }

void Successor::CloseChannel() {
  poll_.reset();
  channel_.reset();
}

std::optional<supervisor::Event> Successor::Next() {
  std::string frame;
  while (channel_) {
    switch (Receive(channel_.get(), frame)) {
      case Got::kNothing:
        return std::nullopt;
      case Got::kEnd:
        // Its exit says more, and follows.
        CloseChannel();
        return std::nullopt;
      case Got::kFrame:
        if (auto event = Read(frame)) return event;
    }
  }
  return std::nullopt;
}

std::optional<supervisor::Event> Successor::Read(std::string_view frame) {
  auto parsed = Parse(frame);
  if (!parsed) return std::nullopt;
  if (parsed->type == FrameType::kReady && state_ == State::kStarting) {
    state_ = State::kReady;
    return supervisor::UpgradeReady{};
  }
  if (parsed->type == FrameType::kFailed && state_ != State::kFailed) {
    state_ = State::kFailed;
    supervisor::UpgradeFailed failed;
    if (!parsed->fields.Get(failed.why) || failed.why.empty()) failed.why = "it did not say why";
    return failed;
  }
  return std::nullopt;
}

void Successor::OnReadable() {
  // One at a time: the listener may destroy *this.
  if (auto event = Next()) listener_.OnEvent(*std::move(event));
}

void Successor::OnExit(loop::ExitStatus status) {
  ChildListener& listener = listener_;
  std::vector<supervisor::Event> events;
  while (auto event = Next()) events.push_back(*std::move(event));
  events.push_back(supervisor::UpgradeExited{status.code, status.signal});
  CloseChannel();
  for (supervisor::Event& event : events) listener.OnEvent(std::move(event));  // may destroy *this
}

std::string ProgramOnDisk(const std::string& argument0, const char* search_path) {
  std::error_code error;
  if (argument0.find('/') != std::string::npos) {
    const auto path = std::filesystem::absolute(argument0, error);
    if (!error && IsProgram(path)) return path.lexically_normal().string();
  } else if (search_path != nullptr) {
    for (const std::string_view folder : util::Split(search_path, ':')) {
      const auto path = std::filesystem::absolute(folder.empty() ? "." : std::string(folder), error) / argument0;
      if (!error && IsProgram(path)) return path.lexically_normal().string();
    }
  }
  // Called by a name of somebody's fancy: the file that we are.
  std::string self = std::filesystem::read_symlink("/proc/self/exe", error).string();
  static constexpr std::string_view kDeleted = " (deleted)";
  if (self.ends_with(kDeleted)) self.resize(self.size() - kDeleted.size());
  return self;
}

Reporter::Reporter(sys::UniqueFd channel) : old_master_(channel ? getppid() : 0), channel_(std::move(channel)) {
  std::string frame = Frame(FrameType::kHello);
  ipc::Encoder(frame).Put(static_cast<std::int32_t>(getpid()));
  Send(frame);
}

void Reporter::Ready() { Send(Frame(FrameType::kReady)); }

void Reporter::Failed(std::string_view why) {
  std::string frame = Frame(FrameType::kFailed);
  ipc::Encoder(frame).Put(std::string(why.substr(0, kLongestWhy)));
  Send(frame);
}

void Reporter::Send(std::string_view frame) {
  if (!channel_) return;
  ssize_t sent = -1;
  do {
    sent = send(channel_.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  // An old master that is gone does not need to know.
}

void Reporter::Watch(loop::Loop& loop, std::function<void()> on_independent) {
  if (!channel_) return;
  const int fd = channel_.get();
  poll_ = std::make_unique<loop::Poll>(loop, fd, [this, fd, call = std::move(on_independent)](int) {
    std::string frame;
    if (Receive(fd, frame) != Got::kEnd) return;  // whatever later versions may say
    const auto ended = std::move(poll_);
    ended->Stop();
    call();
  });
  poll_->Start(loop::kReadable);
}

}  // namespace colmeia::master
