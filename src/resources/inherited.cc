#include "resources/inherited.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fmt/core.h>

#include "sys/sockets.h"
#include "util/strings.h"

namespace colmeia::resources {
namespace {

// More than any configuration listens on; a larger number is not meant seriously.
constexpr int kMostSockets = 4096;

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) != -1; }

// A set variable that is no number is told; the same as not set otherwise.
std::optional<int> Number(const char* name, const char* text, std::vector<std::string>& ignored) {
  if (text == nullptr) return std::nullopt;
  const auto number = util::ParseNumber<int>(text);
  if (!number) ignored.push_back(fmt::format("{}=\"{}\" is no number, ignored", name, text));
  return number;
}

bool IsChannel(int fd) {
  int type = 0;
  socklen_t size = sizeof(type);
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

sys::UniqueFd Take(int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return sys::UniqueFd(fd);
}

}  // namespace

Inheritance ReadInherited(const InheritedVariables& variables, int first) {
  Inheritance out;
  const auto count = Number(kListenFdsVariable, variables.listen_fds, out.ignored);
  const auto pid = Number(kListenPidVariable, variables.listen_pid, out.ignored);
  const auto channel = Number(kHandoverVariable, variables.handover, out.ignored);

  const int sockets = std::clamp(count.value_or(0), 0, kMostSockets);
  if (channel) {
    const bool free = *channel >= first + sockets;
    if (free && IsChannel(*channel)) {
      out.handover = Take(*channel);
    } else {
      out.ignored.push_back(fmt::format("{}={} names no handover channel, ignored", kHandoverVariable, *channel));
    }
  }
  if (out.handover) {
    const auto zones = Number(kZonesVariable, variables.zones, out.ignored);
    if (zones && *zones > *channel) out.zones = TakeZones(*zones, out.ignored);
  }
  if (!out.handover && pid != getpid()) return out;
  if (count.value_or(0) > kMostSockets) {
    out.ignored.push_back(fmt::format("{}={} is too many, {} are taken", kListenFdsVariable, *count, kMostSockets));
  }

  const std::string names_text = variables.listen_names != nullptr ? variables.listen_names : "";
  const auto names = util::Split(names_text, ':');
  for (int i = 0; i < sockets; ++i) {
    const int number = first + i;
    const auto at = static_cast<std::size_t>(i);
    const std::string name = at < names.size() ? std::string(names[at]) : std::string();
    const std::string label = name.empty() ? std::string() : fmt::format(" (\"{}\")", name);
    if (!IsOpen(number)) {
      out.ignored.push_back(fmt::format("inherited descriptor {}{} is not open, ignored", number, label));
      continue;
    }
    sys::UniqueFd fd = Take(number);
    auto socket = sys::DescribeListening(number);
    if (socket) {
      if (auto changed = sys::SetNonBlocking(number, true); !changed) socket = tl::unexpected(changed.error());
    }
    if (!socket) {
      out.ignored.push_back(fmt::format("inherited {}{}, ignored", socket.error().message, label));
      continue;
    }
    out.sockets.push_back({name, socket->address, socket->reuseport, std::move(fd)});
  }
  return out;
}

Inheritance TakeInherited() {
  Inheritance out = ReadInherited({.listen_pid = getenv(kListenPidVariable),
                                   .listen_fds = getenv(kListenFdsVariable),
                                   .listen_names = getenv(kListenNamesVariable),
                                   .handover = getenv(kHandoverVariable),
                                   .zones = getenv(kZonesVariable)});
  for (const char* const name :
       {kListenPidVariable, kListenFdsVariable, kListenNamesVariable, kHandoverVariable, kZonesVariable}) {
    unsetenv(name);
  }
  return out;
}

std::string InheritableName(std::string_view name) {
  static constexpr std::size_t kLongest = 255;
  std::string out(name.substr(0, kLongest));
  for (char& c : out) {
    if (c == ':' || c <= ' ' || c == '\x7f') c = '_';
  }
  return out;
}

}  // namespace colmeia::resources
