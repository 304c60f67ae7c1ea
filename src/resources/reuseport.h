// Clones without a seat: sockets of a `reuseport` address that no seat accepts from any more, because there are fewer
// seats than before.
//
// Clients may still stand in such a socket's queue, or be on their way into it: closing it would reset them. So (1) new
// connections are steered to the sockets with a seat, (2) each clone without one is lent to a living worker, and (3)
// once no client has come for kSilence they are closed, all of an address together.
//
// The sockets of an address are numbered as in the kernel's group, which is the order of their listen(2). The seats'
// are always the first, so closing those after them never moves one that is in use.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "ipc/messages.h"
#include "loop/loop.h"
#include "loop/poll.h"
#include "loop/timer.h"
#include "util/clock.h"

namespace colmeia::resources {

class Resources;
class OpenListener;

// What is known of one address: pure bookkeeping.
class ReuseportSockets {
 public:
  static constexpr util::Milliseconds kSilence{5000};

  // Of `sockets` sockets the first `seats` get the new connections from `now` on. Silence begins anew when there are
  // more without a seat than before.
  void Settle(std::size_t seats, std::size_t sockets, util::TimePoint now);

  [[nodiscard]] std::size_t seats() const { return seats_; }
  // How many have no seat.
  [[nodiscard]] std::size_t count() const { return sockets_ - seats_; }

  // A connection came to one of them.
  void Heard(util::TimePoint now) { heard_ = now; }
  // When they may be closed if no client comes any more; nullopt: there is none.
  [[nodiscard]] std::optional<util::TimePoint> SilentAt() const;

  // The worker in `slot` accepts from the clone with this number, until that process is gone.
  void Lend(std::size_t socket, std::uint32_t slot, std::uint32_t ordinal);
  void Gone(std::uint32_t slot);
  [[nodiscard]] bool IsLent(std::size_t socket) const { return BorrowerOf(socket).has_value(); }
  [[nodiscard]] std::optional<std::uint32_t> BorrowerOf(std::size_t socket) const;  // its slot

  // A loan: `ordinal` is the listener's in the borrower's configuration.
  struct Loan {
    std::size_t socket = 0;
    std::uint32_t slot = 0;
    std::uint32_t ordinal = 0;
    bool operator==(const Loan&) const = default;
  };
  // All loans end: what to release.
  [[nodiscard]] std::vector<Loan> TakeLoans();

 private:
  std::size_t seats_ = 0;
  std::size_t sockets_ = 0;
  util::TimePoint heard_{};
  std::vector<Loan> loans_;
};

// The clones of all addresses: steers, lends, listens for connections and closes, at the right time.
class ReuseportKeeper {
 public:
  // Sends a message with lent descriptors to the worker in a slot; false when there is none.
  using Send = std::function<bool(std::uint32_t slot, const ipc::Message& message, const std::vector<int>& fds)>;
  // A worker that accepts for the present generation.
  struct Borrower {
    std::uint32_t slot = 0;
    std::uint32_t seat = 0;
  };

  // All must outlive it.
  ReuseportKeeper(loop::Loop& loop, Resources& resources, Send send);
  ~ReuseportKeeper();

  // The worker in `slot` was sent what OpenGeneration::BorrowedBy() says at its adoption, clones included.
  void Adopted(std::uint32_t slot, std::uint32_t generation, std::uint32_t seat, std::uint32_t seats);
  // Its process or its channel is gone, or it was told to drain: what it had borrowed goes to others.
  void Gone(std::uint32_t slot);
  // So many seats of the present generation serve, of so many wanted ones; `ready` are its workers that serve. A socket
  // of a seat that does not serve yet may be with its worker already: it is neither lent nor closed.
  void SeatsChanged(std::uint32_t generation, std::uint32_t seats, std::uint32_t wanted, std::vector<Borrower> ready);
  // A generation was closed: what was opened for it alone may be closed, too.
  void Look();

  // While two masters hold the sockets none is closed: it would not close, and the kernel's order would not be ours.
  void Hold(bool held) { held_ = held; }

 private:
  void LendAll();
  void CloseSilent(OpenListener& listener);

  loop::Loop& loop_;      // outlives this
  Resources& resources_;  // outlives this
  Send send_;
  bool held_ = false;
  std::uint32_t generation_ = 0;
  std::vector<Borrower> ready_;
  loop::Timer look_;
};

}  // namespace colmeia::resources
