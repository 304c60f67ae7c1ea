#include "transport/socket.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace colmeia::transport {
namespace {

template <class Call>
IoResult Try(Call call) {
  for (;;) {
    const ssize_t moved = call();
    if (moved > 0) return {IoStatus::kDone, static_cast<std::size_t>(moved), 0};
    if (moved == 0) return {IoStatus::kEnd, 0, 0};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::kAgain, 0, 0};
    return {IoStatus::kError, 0, errno};
  }
}

}  // namespace

IoResult Receive(int fd, char* out, std::size_t size) {
  return Try([&] { return ::recv(fd, out, size, MSG_DONTWAIT); });
}

IoResult Send(int fd, std::span<const iovec> parts, bool more) {
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
  if (parts.size() == 1) {
    return Try([&] { return ::send(fd, parts[0].iov_base, parts[0].iov_len, flags); });
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  return Try([&] { return ::sendmsg(fd, &message, flags); });
}

IoResult SendFile(int fd, int file, off_t offset, std::size_t size) {
  return Try([&] { return ::sendfile(fd, file, &offset, size); });
}

IoResult ReadFileAt(int file, off_t offset, char* out, std::size_t size) {
  IoResult all{IoStatus::kEnd, 0, 0};
  while (all.bytes < size) {
    const IoResult part =
        Try([&] { return ::pread(file, out + all.bytes, size - all.bytes, offset + static_cast<off_t>(all.bytes)); });
    if (part.status == IoStatus::kError) return part;
    if (part.status != IoStatus::kDone) break;
    all.status = IoStatus::kDone;
    all.bytes += part.bytes;
  }
  return all;
}

void FinishSending(int fd) { (void)::shutdown(fd, SHUT_WR); }

}  // namespace colmeia::transport
