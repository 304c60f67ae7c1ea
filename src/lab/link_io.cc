#include "lab/link_io.h"

#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lab/stage.h"

namespace colmeia::lab {
namespace {

// What sendmsg(2) and recvmsg(2) need for one byte and one descriptor.
struct Envelope {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};

  Envelope() {
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = space;
    message.msg_controllen = sizeof space;
  }
  Envelope(const Envelope&) = delete;
  Envelope& operator=(const Envelope&) = delete;
};

}  // namespace

void WriteWhole(int fd, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t done = write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    bytes = bytes.subspan(static_cast<std::size_t>(Must(done, "cannot write")));
  }
}

void ReadWhole(int fd, std::span<char> bytes) {
  while (!bytes.empty()) {
    const ssize_t done = read(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done == 0) GiveUp("the other side has closed", 0);
    bytes = bytes.subspan(static_cast<std::size_t>(Must(done, "cannot read")));
  }
}

void SendDatagram(int fd, std::span<const char> bytes) {
  ssize_t done = 0;
  do {
    done = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (done < 0 && errno == EINTR);
  Must(done, "cannot send");
}

void ReceiveDatagram(int fd, std::span<char> bytes) {
  ssize_t done = 0;
  do {
    done = recv(fd, bytes.data(), bytes.size(), 0);
  } while (done < 0 && errno == EINTR);
  if (static_cast<std::size_t>(Must(done, "cannot receive")) != bytes.size()) GiveUp("a datagram was cut", 0);
}

void SendDescriptor(int socket, int fd) {
  Envelope envelope;
  cmsghdr* const control = CMSG_FIRSTHDR(&envelope.message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(control), &fd, sizeof fd);
  ssize_t done = 0;
  do {
    done = sendmsg(socket, &envelope.message, MSG_NOSIGNAL);
    // Without privileges a user may have only so many descriptors under way (RLIMIT_NOFILE), and nothing tells when
    // there are fewer.
    if (done < 0 && errno == ETOOMANYREFS) sched_yield();
  } while (done < 0 && (errno == EINTR || errno == ETOOMANYREFS));
  Must(done, "cannot send a descriptor");
}

sys::UniqueFd ReceiveDescriptor(int socket) {
  Envelope envelope;
  ssize_t done = 0;
  do {
    done = recvmsg(socket, &envelope.message, MSG_CMSG_CLOEXEC);
  } while (done < 0 && errno == EINTR);
  Must(done, "cannot receive a descriptor");
  const cmsghdr* const control = CMSG_FIRSTHDR(&envelope.message);
  if (control == nullptr || control->cmsg_type != SCM_RIGHTS) GiveUp("a message came without its descriptor", 0);
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
  return sys::UniqueFd(fd);
}

std::size_t SocketLink::Capacity() const {
  std::size_t sum = 0;
  for (const auto& fd : fds_) {
    for (const int option : {SO_SNDBUF, SO_RCVBUF}) {
      int bytes = 0;
      socklen_t size = sizeof bytes;
      if (getsockopt(fd.get(), SOL_SOCKET, option, &bytes, &size) == 0) sum += static_cast<std::size_t>(bytes);
    }
  }
  return sum;
}

std::span<char> SocketLink::Buffer(Side side, std::size_t size) {
  std::vector<char>& buffer = buffers_[Index(side)];
  if (buffer.size() < size) buffer.resize(size);
  return {buffer.data(), size};
}

}  // namespace colmeia::lab
