// Turns: which worker gets the next client that the master accepted, and which clients no worker has taken yet. Pure
// bookkeeping; Handoff (resources/handoff.h) accepts and sends.
//
// Workers are served strictly in turn, those left out that have kMostAhead clients which they did not take yet: one
// that hangs, or has no room, holds up so many clients and no more.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "sys/address.h"
#include "sys/unique_fd.h"

namespace colmeia::resources {

// A connection between accept4() and the worker's word that it has taken it.
struct QueuedClient {
  sys::UniqueFd fd;
  sys::Address listener;  // that it came through, as bound
  sys::Address peer;
};

class HandoffQueue {
 public:
  // So many clients may be on their way to one worker.
  static constexpr std::size_t kMostAhead = 8;

  // The worker in `slot` takes clients from here on.
  void Join(std::uint32_t slot, std::uint32_t generation);
  // It gets no more; what is on its way to it stays.
  void Leave(std::uint32_t slot);
  // Its channel has ended: the clients that it did not take, oldest first.
  [[nodiscard]] std::vector<QueuedClient> Gone(std::uint32_t slot);

  // Whose turn it is among the workers of a generation; nothing: there is none that takes another client. The turn
  // passes on by Sent().
  [[nodiscard]] std::optional<std::uint32_t> Next(std::uint32_t generation) const;

  // A client was sent to `slot`, in a message of this number.
  void Sent(std::uint32_t slot, std::uint32_t sequence, QueuedClient client);
  // The worker took it: ours is closed. False: no client is on its way under this number.
  bool Taken(std::uint32_t slot, std::uint32_t sequence);

  [[nodiscard]] bool Awaits(std::uint32_t slot, std::uint32_t sequence) const;
  // How many are on their way to `slot`.
  [[nodiscard]] std::size_t ahead(std::uint32_t slot) const;

 private:
  struct Sending {
    std::uint32_t sequence = 0;
    QueuedClient client;
  };
  struct Worker {
    std::uint32_t generation = 0;
    bool takes = false;
    std::deque<Sending> ahead;
  };

  std::map<std::uint32_t, Worker> workers_;  // by slot
  std::uint32_t last_ = 0;                   // the slot that had the last turn
};

}  // namespace colmeia::resources
