// SharedAcceptor: every worker waits on every shared socket, and each connection wakes them all; the first to come gets
// it, and the others have woken in vain. The herd, as it was before EPOLLEXCLUSIVE.
#pragma once

#include "worker/socket_acceptor.h"

namespace colmeia::worker {

class SharedAcceptor final : public SocketAcceptor {
 public:
  explicit SharedAcceptor(const AcceptorParts& parts) : SocketAcceptor(parts) {}

 private:
  std::unique_ptr<Watch> WatchShared(int fd, std::function<void()> on_readable) override {
    return std::make_unique<PlainWatch>(parts_.loop, fd, std::move(on_readable));
  }
};

}  // namespace colmeia::worker
