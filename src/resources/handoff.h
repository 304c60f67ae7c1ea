// Handoff: `accept_by handoff`: the master accepts, and passes clients round robin to the workers of the current
// generation, over their channels. The one exception to the master's rule to leave clients alone; it still reads and
// writes none of their bytes.
//
// 1. It accepts only while some worker has room (resources/handoff_queue.h). Otherwise clients wait in the kernel's
//    queue.
// 2. A client is lost only with a worker that has said that it took it. One that a worker had not taken when its
//    channel ended goes to another; while there is none it is kept, and no client is accepted.
// 3. Listeners with a socket for each seat (`reuseport`) are not concerned.
//
// What it costs: two more messages for each client, the master's time, and the queues of its sockets when it is killed,
// which no worker holds.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ipc/messages.h"
#include "loop/loop.h"
#include "loop/poll.h"
#include "loop/timer.h"
#include "resources/handoff_queue.h"
#include "resources/resources.h"
#include "util/seldom.h"

namespace colmeia::resources {

class Handoff {
 public:
  // Sends to the worker in a slot, lending the descriptor; the number of the message, 0 when there is no such worker.
  using Send = std::function<std::uint32_t(std::uint32_t slot, const ipc::Message& message, int fd)>;

  // How long no one is accepted once descriptors or memory have run out.
  static constexpr util::Milliseconds kPause{500};

  // `loop` and `resources` must outlive it.
  Handoff(loop::Loop& loop, const Resources& resources, Send send);

  // This generation is the current one. A client that waits at listeners that it does not have is left to the workers
  // of those before.
  void Promoted(std::uint32_t generation);
  // Sockets of the current generation were opened anew. Closing() is remembered.
  void Mended(std::uint32_t generation) {
    if (generation == generation_ && !sources_.empty()) Promoted(generation);
  }
  // The listeners of this generation are its workers' from here on, or are about to be closed.
  void Closing(std::uint32_t generation);

  // A worker serves; is told to leave, or hangs; its channel has ended.
  void Ready(std::uint32_t slot, std::uint32_t generation);
  void Leaving(std::uint32_t slot);
  void Gone(std::uint32_t slot);

  // A worker's Done. False when it answers something else than a client.
  bool Taken(std::uint32_t slot, std::uint32_t in_reply_to);

  // Whether the worker's answer to this message is still to come, and is about a client.
  [[nodiscard]] bool Awaits(std::uint32_t slot, std::uint32_t sequence) const { return turns_.Awaits(slot, sequence); }

  // Called from the loop when accepting from a socket failed for good. What is mended Promoted() takes up again.
  std::function<void()> on_unusable;

  // Clients that came back from a worker, and that no other has room for yet.
  [[nodiscard]] std::size_t kept() const { return kept_.size(); }

 private:
  struct Source {
    sys::Address address;
    int fd = -1;  // lent by Resources
    std::unique_ptr<loop::Poll> poll;
    bool usable = true;
  };

  void Pump();
  [[nodiscard]] bool MayAccept() const;
  void AcceptAll(Source& source);
  // False when no client waits there, or accepting has to pause.
  bool AcceptOne(Source& source, std::uint32_t slot);
  void Give(std::uint32_t slot, QueuedClient client);
  [[nodiscard]] std::optional<std::uint32_t> OrdinalOf(const sys::Address& listener) const;

  loop::Loop& loop_;            // outlives this
  const Resources& resources_;  // outlives this
  Send send_;
  HandoffQueue turns_;
  std::uint32_t generation_ = 0;  // the current one; 0 = none yet
  std::vector<std::unique_ptr<Source>> sources_;
  std::deque<QueuedClient> kept_;
  bool blocked_ = true;                          // no worker has room: sockets are not waited for
  util::Seldom short_{std::chrono::minutes(1)};  // of descriptors: it is said in the log
  loop::Timer broken_;                           // from a socket that failed to on_unusable
  loop::Timer pause_;                            // active: no client is accepted for want of descriptors
};

}  // namespace colmeia::resources
