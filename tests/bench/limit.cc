// The limit of the kernel: what answering costs when the server itself does nothing.
//
// A bare epoll loop with one prebuilt response. It counts ends of heads ("\r\n\r\n") and answers each; it parses
// nothing, opens no file, keeps no timeout and writes no log. Whatever a server takes beyond it is the server's own.
// All responses that a read asked for leave in one writev.
//
//   bench_limit PORT BYTES [--close] [--deferred] [--status 404]
//
// serves BYTES of body on 127.0.0.1:PORT until SIGTERM; --close ends the connection after each response, --deferred
// accepts a connection when its first bytes have come. It never frees nor checks much: a measure, not a server.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr int kBacklog = 4096;
constexpr int kEventsPerTurn = 512;
constexpr size_t kReadSize = 64 * 1024;
constexpr size_t kResponsesPerWrite = 64;
constexpr std::string_view kEndOfHead = "\r\n\r\n";

// What a connection needs between two events; its index is the descriptor.
struct Connection {
  size_t end_matched = 0;  // bytes of kEndOfHead that the last read ended with
  size_t owed = 0;         // bytes still to be written, of one or several responses
  bool waits_for_room = false;
};

class LimitLoop {
 public:
  LimitLoop(int listener, std::string response, bool close_after)
      : listener_(listener), response_(std::move(response)), close_after_(close_after) {}

  [[noreturn]] void Run() {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    Watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
    std::array<epoll_event, kEventsPerTurn> events;
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), kEventsPerTurn, -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        if (event.data.fd == listener_) {
          Accept();
        } else if ((event.events & EPOLLOUT) != 0) {
          Write(event.data.fd);
        } else {
          Read(event.data.fd);
        }
      }
    }
  }

 private:
  void Watch(int operation, int fd, uint32_t interest) const {
    epoll_event event{};
    event.events = interest;
    event.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &event);
  }

  void Accept() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      if (connections_.size() <= static_cast<size_t>(fd)) connections_.resize(static_cast<size_t>(fd) + 1);
      connections_[static_cast<size_t>(fd)] = Connection{};
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      Watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    }
  }

  void Read(int fd) {
    const ssize_t got = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      close(fd);
      return;
    }
    Connection& connection = connections_[static_cast<size_t>(fd)];
    const size_t requests = CountRequests(std::string_view(buffer_.data(), static_cast<size_t>(got)), connection);
    connection.owed += requests * response_.size();
    if (requests > 0) Write(fd);
  }

  static size_t CountRequests(std::string_view bytes, Connection& connection) {
    size_t count = 0;
    if (connection.end_matched > 0) {  // an end of head that a read cut in two
      std::string joint(kEndOfHead.substr(0, connection.end_matched));
      joint += bytes.substr(0, kEndOfHead.size() - 1);
      const size_t end = joint.find(kEndOfHead);
      if (end != std::string::npos) {
        ++count;
        bytes.remove_prefix(end + kEndOfHead.size() - connection.end_matched);
      }
    }
    while (!bytes.empty()) {
      const void* end = memmem(bytes.data(), bytes.size(), kEndOfHead.data(), kEndOfHead.size());
      if (end == nullptr) break;
      ++count;
      bytes.remove_prefix(static_cast<size_t>(static_cast<const char*>(end) - bytes.data()) + kEndOfHead.size());
    }
    connection.end_matched = 0;
    for (size_t length = kEndOfHead.size() - 1; length > 0; --length) {
      if (bytes.size() >= length && bytes.substr(bytes.size() - length) == kEndOfHead.substr(0, length)) {
        connection.end_matched = length;
        break;
      }
    }
    return count;
  }

  void Write(int fd) {
    Connection& connection = connections_[static_cast<size_t>(fd)];
    while (connection.owed > 0) {
      std::array<iovec, kResponsesPerWrite> parts;
      size_t count = 0;
      size_t left = connection.owed;
      size_t begin = (response_.size() - connection.owed % response_.size()) % response_.size();
      while (left > 0 && count < parts.size()) {
        parts[count++] = {response_.data() + begin, response_.size() - begin};
        left -= response_.size() - begin;
        begin = 0;
      }
      const ssize_t sent = writev(fd, parts.data(), static_cast<int>(count));
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno == EAGAIN) {
        if (!connection.waits_for_room) Watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
        connection.waits_for_room = true;
        return;
      }
      if (sent < 0) {
        close(fd);
        return;
      }
      connection.owed -= static_cast<size_t>(sent);
    }
    if (close_after_) {
      close(fd);
    } else if (connection.waits_for_room) {
      Watch(EPOLL_CTL_MOD, fd, EPOLLIN);
      connection.waits_for_room = false;
    }
  }

  int listener_;
  int epoll_ = -1;
  std::string response_;
  bool close_after_;
  std::array<char, kReadSize> buffer_{};
  std::vector<Connection> connections_;
};

// The same fields as colmeia's, so that as many bytes travel.
std::string Response(const std::string& status, size_t bytes, bool close_after) {
  std::string head = "HTTP/1.1 " + status +
                     "\r\nServer: colmeia/0.1.0\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/html\r\n"
                     "Content-Length: " +
                     std::to_string(bytes) + "\r\n";
  if (status.front() == '2') head += "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
  head += close_after ? "Connection: close\r\n" : "Connection: keep-alive\r\n";
  if (status.front() == '2') head += "ETag: \"6955b900-400\"\r\nAccept-Ranges: bytes\r\n";
  return head + "\r\n" + std::string(bytes, 'x');
}

int Listen(uint16_t port, bool deferred) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (deferred) setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof on);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd, kBacklog) != 0) {
    std::perror("bench_limit: cannot listen");
    std::exit(1);
  }
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: bench_limit PORT BYTES [--close] [--deferred] [--status 404]\n", stderr);
    return 2;
  }
  bool close_after = false;
  bool deferred = false;
  std::string status = "200 OK";
  for (int i = 3; i < argc; ++i) {
    if (std::strcmp(argv[i], "--close") == 0) close_after = true;
    if (std::strcmp(argv[i], "--deferred") == 0) deferred = true;
    if (std::strcmp(argv[i], "--status") == 0 && i + 1 < argc) status = std::string(argv[++i]) + " Not Found";
  }
  const int listener = Listen(static_cast<uint16_t>(std::atoi(argv[1])), deferred);
  LimitLoop(listener, Response(status, std::strtoul(argv[2], nullptr, 10), close_after), close_after).Run();
}
