#include "worker/handoff_acceptor.h"

#include <utility>

#include "sys/sockets.h"
#include "worker/connections.h"

namespace colmeia::worker {

bool HandoffAcceptor::Take(HandedClient client) {
  waiting_.push_back(std::move(client));
  AdmitAll();
  return true;
}

void HandoffAcceptor::OnRoom() {
  SocketAcceptor::OnRoom();
  if (!waiting_.empty()) admit_.StartAfter(util::Duration::zero());
}

// Descriptors come unasked here: each client that is admitted has one already, and brings the next one. Those that wait
// are as many as the kept ones allow.
bool HandoffAcceptor::MakeRoom() {
  Connections& connections = parts_.connections;
  while (connections.size() > 0 && connections.size() >= connections.descriptor_places()) {
    if (!connections.FreeDescriptor()) return false;
  }
  return connections.MakeRoom();
}

void HandoffAcceptor::AdmitAll() {
  while (!waiting_.empty()) {
    if (!MakeRoom()) return admit_.StartAfter(kPause);  // or OnRoom(), which is sooner
    HandedClient client = std::move(waiting_.front());
    waiting_.pop_front();
    client.taken();
    parts_.counts.Add(scoreboard::Total::kAccepts);
    if (client.listener.core.tcp_nodelay) sys::SetNoDelay(client.fd.get(), true);
    parts_.connections.Add(client.listener, std::move(client.fd), client.peer);
  }
}

}  // namespace colmeia::worker
