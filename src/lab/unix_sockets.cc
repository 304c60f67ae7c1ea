// Unix domain sockets of all three kinds, and a descriptor that travels through one.
#include <sys/socket.h>

#include "lab/link_io.h"
#include "lab/stage.h"
#include "sys/memfd.h"

namespace colmeia::lab {
namespace {

class DatagramLink final : public SocketLink {
 public:
  using SocketLink::SocketLink;
  void Send(Side side, std::span<const char> message) override { SendDatagram(fd(side), message); }
  const char* Receive(Side side, std::size_t size) override {
    const std::span<char> buffer = Buffer(side, size);
    ReceiveDatagram(fd(side), buffer);
    return buffer.data();
  }
};

// Every message is one byte and an open file. The receiver gets a descriptor of its own, and closes it.
class DescriptorLink final : public SocketLink {
 public:
  DescriptorLink(sys::UniqueFd first, sys::UniqueFd second, sys::UniqueFd cargo)
      : SocketLink(std::move(first), std::move(second)), cargo_(std::move(cargo)) {}

  void Send(Side side, std::span<const char>) override { SendDescriptor(fd(side), cargo_.get()); }

  const char* Receive(Side side, std::size_t size) override {
    const sys::UniqueFd received = ReceiveDescriptor(fd(side));
    return Buffer(side, size).data();
  }

 private:
  sys::UniqueFd cargo_;
};

struct Sockets {
  sys::UniqueFd first;
  sys::UniqueFd second;
};

Sockets MakePair(int type) {
  int fds[2];
  Must(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), "cannot make a pair of Unix sockets");
  return {sys::UniqueFd(fds[0]), sys::UniqueFd(fds[1])};
}

template <class Kind, int type>
std::unique_ptr<Link> Open(const std::string&) {
  Sockets pair = MakePair(type);
  return std::make_unique<Kind>(std::move(pair.first), std::move(pair.second));
}

std::unique_ptr<Link> OpenDescriptors(const std::string&) {
  Sockets pair = MakePair(SOCK_SEQPACKET);
  sys::UniqueFd cargo = Value(sys::SharedMemfd("colmeia-lab", 4096));
  return std::make_unique<DescriptorLink>(std::move(pair.first), std::move(pair.second), std::move(cargo));
}

constexpr Form kForms[] = {
    {"unix-stream", "Unix socket, stream", "SOCK_STREAM: both ways, bytes without borders, as TCP without a network",
     "src/control/server.cc", Peer::kProcess, Payload::kBytes, 2, 4, Expected::kExactly, Open<StreamLink, SOCK_STREAM>},
    {"unix-datagram", "Unix socket, datagram", "SOCK_DGRAM: whole messages, in order and never lost; no end of file",
     "src/master/notify.cc", Peer::kProcess, Payload::kBytes, 2, 4, Expected::kExactly, Open<DatagramLink, SOCK_DGRAM>},
    {"unix-seqpacket", "Unix socket, seqpacket", "SOCK_SEQPACKET: whole messages on a connection, which has an end",
     "src/channel/channel.cc", Peer::kProcess, Payload::kBytes, 2, 4, Expected::kExactly,
     Open<DatagramLink, SOCK_SEQPACKET>},
    {"descriptor", "descriptor passing",
     "SCM_RIGHTS: an open file travels and arrives as a descriptor; it is closed there", "src/channel/channel.cc",
     Peer::kProcess, Payload::kToken, 0, 6, Expected::kExactly, OpenDescriptors},
};

}  // namespace

std::span<const Form> UnixSocketForms() { return kForms; }

}  // namespace colmeia::lab
