#include "sys/socket_io.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

namespace colmeia::sys {
namespace {

IoResult SendParts(int fd, std::span<const iovec> parts, bool more) {
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
  if (parts.size() == 1) {
    return Transfer([&] { return ::send(fd, parts[0].iov_base, parts[0].iov_len, flags); });
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  return Transfer([&] { return ::sendmsg(fd, &message, flags); });
}

std::size_t SizeOf(std::span<const iovec> parts) {
  std::size_t size = 0;
  for (const iovec& part : parts) size += part.iov_len;
  return size;
}

}  // namespace

IoResult Receive(int fd, char* out, std::size_t size) {
  return Transfer([&] { return ::recv(fd, out, size, MSG_DONTWAIT); });
}

IoResult Send(int fd, std::span<const iovec> parts, const FileRange& file, bool more) {
  IoResult sent;
  if (!parts.empty()) {
    sent = SendParts(fd, parts, more);
    if (file.size == 0 || sent.status != IoStatus::kDone || sent.bytes < SizeOf(parts)) return sent;
  }
  off_t offset = file.offset;
  IoResult rest = Transfer([&] { return ::sendfile(fd, file.fd, &offset, file.size); });
  rest.bytes += sent.bytes;
  if (rest.status == IoStatus::kAgain && rest.bytes > 0) rest.status = IoStatus::kDone;
  return rest;
}

void FinishSending(int fd) { (void)::shutdown(fd, SHUT_WR); }

}  // namespace colmeia::sys
