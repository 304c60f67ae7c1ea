// Whole messages, and descriptors, through sockets and pipes that may take or give less than asked for.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "lab/link.h"
#include "sys/unique_fd.h"

namespace colmeia::lab {

// write(2) and read(2) until all is done; EINTR and short counts are seen to.
void WriteWhole(int fd, std::span<const char> bytes);
void ReadWhole(int fd, std::span<char> bytes);

// One datagram, whole.
void SendDatagram(int fd, std::span<const char> bytes);
void ReceiveDatagram(int fd, std::span<char> bytes);

// One byte and an open file with it (SCM_RIGHTS). The receiver gets a descriptor of its own.
void SendDescriptor(int socket, int fd);
[[nodiscard]] sys::UniqueFd ReceiveDescriptor(int socket);

// A pair of connected sockets: Link's usual skeleton, with a buffer for each side.
class SocketLink : public Link {
 public:
  SocketLink(sys::UniqueFd first, sys::UniqueFd second) : fds_{std::move(first), std::move(second)} {}

  void TakeSide(Side, pid_t) override {}
  // SO_SNDBUF and SO_RCVBUF, both directions. The kernel counts its own bookkeeping in.
  [[nodiscard]] std::size_t Capacity() const override;

 protected:
  [[nodiscard]] int fd(Side side) const { return fds_[Index(side)].get(); }
  // `size` bytes at least, valid until the next call for this side.
  [[nodiscard]] std::span<char> Buffer(Side side, std::size_t size);

 private:
  sys::UniqueFd fds_[2];
  std::vector<char> buffers_[2];
};

// Messages as a stream of bytes, without borders between them.
class StreamLink final : public SocketLink {
 public:
  using SocketLink::SocketLink;
  void Send(Side side, std::span<const char> message) override { WriteWhole(fd(side), message); }
  const char* Receive(Side side, std::size_t size) override {
    const std::span<char> buffer = Buffer(side, size);
    ReadWhole(fd(side), buffer);
    return buffer.data();
  }
};

}  // namespace colmeia::lab
