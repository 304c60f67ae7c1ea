// HandoffAcceptor: the master accepts and sends the clients over the channel, to each worker in turn.
//
// What it cannot serve for want of room it keeps and does not acknowledge; the master sends only so many ahead, and
// then turns to others. A client that was sent before a worker is told to drain is still served by it.
//
// Sockets that belong to this seat alone it waits for by itself.
#pragma once

#include <deque>

#include "worker/socket_acceptor.h"

namespace colmeia::worker {

class HandoffAcceptor final : public SocketAcceptor {
 public:
  explicit HandoffAcceptor(const AcceptorParts& parts)
      : SocketAcceptor(parts), admit_(parts.loop, [this] { AdmitAll(); }) {}

  [[nodiscard]] bool Take(HandedClient client) override;
  void OnRoom() override;

 private:
  // Left over from a time when each seat had its own: lent to this worker alone.
  std::unique_ptr<Watch> WatchShared(int fd, std::function<void()> on_readable) override {
    return std::make_unique<PlainWatch>(parts_.loop, fd, std::move(on_readable));
  }

  [[nodiscard]] bool MakeRoom();
  void AdmitAll();

  std::deque<HandedClient> waiting_;  // for room
  loop::Timer admit_;
};

}  // namespace colmeia::worker
