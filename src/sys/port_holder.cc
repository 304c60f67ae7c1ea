#include "sys/port_holder.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string_view>
#include <vector>

#include "sys/files.h"
#include "util/strings.h"

namespace colmeia::sys {
namespace {

std::optional<std::uint32_t> ParseHex(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The bytes of an address as /proc/net/tcp shows them: words of 32 bits in the machine's order.
std::string ParseHost(std::string_view text) {
  std::string bytes;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    const auto word = ParseHex(text.substr(0, 8));
    if (!word) return {};
    char raw[sizeof(*word)];
    std::memcpy(raw, &*word, sizeof(raw));
    bytes.append(raw, sizeof(raw));
  }
  return bytes;
}

bool IsZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

// proc_net_tcp: "0: 0100007F:1F90 00000000:0000 0A ... uid timeout inode". The sockets that listen stand before all
// others, of which a busy server has a hundred thousand: those are not read.
void CollectTcp(const std::string& path, const Address& address, std::vector<std::string>& inodes) {
  static constexpr std::size_t kLocal = 1;
  static constexpr std::size_t kState = 3;
  static constexpr std::size_t kInode = 9;
  std::ifstream table(path);
  std::string line;
  std::getline(table, line);  // the names of the columns
  while (std::getline(table, line)) {
    const auto words = util::Words(line);
    if (words.size() <= kInode || words[kState] != "0A") return;  // TCP_LISTEN
    const auto parts = util::Split(words[kLocal], ':');
    if (parts.size() != 2 || ParseHex(parts[1]) != address.port()) continue;
    const std::string host = ParseHost(parts[0]);
    if (host == address.HostBytes() || IsZero(host) || address.IsWildcard()) inodes.emplace_back(words[kInode]);
  }
}

// /proc/net/unix: "address: refs protocol flags type state inode path".
void CollectUnix(const std::string& path, std::string_view wanted, std::vector<std::string>& inodes) {
  static constexpr std::size_t kInode = 6;
  static constexpr std::size_t kPath = 7;
  const auto text = ReadFile(path);
  if (!text) return;
  for (const std::string_view line : util::Split(*text, '\n')) {
    const auto words = util::Words(line);
    if (words.size() == kPath + 1 && words[kPath] == wanted) inodes.emplace_back(words[kInode]);
  }
}

// The names in a folder; empty when it cannot be read.
std::vector<std::string> Names(const std::string& path) {
  std::vector<std::string> names;
  const auto close_directory = [](DIR* open) { closedir(open); };
  const std::unique_ptr<DIR, decltype(close_directory)> directory(opendir(path.c_str()), close_directory);
  if (directory == nullptr) return names;
  while (const dirent* const entry = readdir(directory.get())) names.emplace_back(entry->d_name);
  return names;
}

bool IsOneOf(const std::string& link, const std::vector<std::string>& inodes) {
  char target[64];
  const ssize_t size = readlink(link.c_str(), target, sizeof(target));
  if (size <= 0) return false;
  std::string_view text(target, static_cast<std::size_t>(size));
  static constexpr std::string_view kPrefix = "socket:[";
  if (!text.starts_with(kPrefix) || !text.ends_with(']')) return false;
  text.remove_prefix(kPrefix.size());
  text.remove_suffix(1);
  return std::find(inodes.begin(), inodes.end(), text) != inodes.end();
}

}  // namespace

std::optional<PortHolder> FindPortHolder(const Address& address, const std::string& root) {
  std::vector<std::string> inodes;
  if (address.family() == AF_UNIX) {
    CollectUnix(root + "/net/unix", address.UnixPath(), inodes);
  } else {
    CollectTcp(root + "/net/tcp", address, inodes);
    CollectTcp(root + "/net/tcp6", address, inodes);
  }
  if (inodes.empty()) return std::nullopt;

  std::vector<pid_t> pids;
  for (const std::string& name : Names(root)) {
    if (const auto pid = util::ParseNumber<pid_t>(name)) pids.push_back(*pid);
  }
  std::sort(pids.begin(), pids.end());
  int left = kMostDescriptors;
  for (const pid_t pid : pids) {
    const std::string process = root + "/" + std::to_string(pid);
    for (const std::string& number : Names(process + "/fd")) {
      if (--left < 0) return std::nullopt;
      if (!IsOneOf(process + "/fd/" + number, inodes)) continue;
      const auto comm = ReadFile(process + "/comm");
      return PortHolder{pid, comm ? comm->substr(0, comm->find('\n')) : std::string()};
    }
  }
  return std::nullopt;
}

}  // namespace colmeia::sys
