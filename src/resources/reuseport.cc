#include "resources/reuseport.h"

#include <algorithm>
#include <utility>

#include "log/error_log.h"
#include "resources/resources.h"

namespace colmeia::resources {
namespace {

// How often clones are looked at while there are some. A connection is noticed at once, the next one of the same socket
// at the next look.
constexpr util::Milliseconds kLookEvery{250};

}  // namespace

void ReuseportSockets::Settle(std::size_t seats, std::size_t sockets, util::TimePoint now) {
  const std::size_t before = count();
  seats_ = std::min(seats, sockets);
  sockets_ = sockets;
  if (count() > before) heard_ = now;
}

std::optional<util::TimePoint> ReuseportSockets::SilentAt() const {
  if (count() == 0) return std::nullopt;
  return heard_ + kSilence;
}

void ReuseportSockets::Lend(std::size_t socket, std::uint32_t slot, std::uint32_t ordinal) {
  loans_.push_back({socket, slot, ordinal});
}

void ReuseportSockets::Gone(std::uint32_t slot) {
  std::erase_if(loans_, [slot](const Loan& loan) { return loan.slot == slot; });
}

std::optional<std::uint32_t> ReuseportSockets::BorrowerOf(std::size_t socket) const {
  const auto loan =
      std::find_if(loans_.begin(), loans_.end(), [socket](const Loan& it) { return it.socket == socket; });
  return loan == loans_.end() ? std::nullopt : std::optional(loan->slot);
}

std::vector<ReuseportSockets::Loan> ReuseportSockets::TakeLoans() { return std::exchange(loans_, {}); }

ReuseportKeeper::ReuseportKeeper(loop::Loop& loop, Resources& resources, Send send)
    : loop_(loop), resources_(resources), send_(std::move(send)), look_(loop, [this] { Look(); }) {}

ReuseportKeeper::~ReuseportKeeper() {
  for (OpenListener* const listener : resources_.Listeners()) listener->Unwatch();
}

void ReuseportKeeper::Adopted(std::uint32_t slot, std::uint32_t generation, std::uint32_t seat, std::uint32_t seats) {
  const OpenGeneration* const open = resources_.Find(generation);
  if (open == nullptr) return;
  for (std::uint32_t ordinal = 0; ordinal < open->listeners.size(); ++ordinal) {
    for (const std::size_t socket : open->BorrowedBy(ordinal, seat, seats)) {
      open->listeners[ordinal]->Lend(socket, slot, ordinal);
    }
  }
}

void ReuseportKeeper::Gone(std::uint32_t slot) {
  std::erase_if(ready_, [slot](const Borrower& borrower) { return borrower.slot == slot; });
  for (OpenListener* const listener : resources_.Listeners()) listener->Gone(slot);
  LendAll();
}

void ReuseportKeeper::SeatsChanged(std::uint32_t generation, std::uint32_t seats, std::uint32_t wanted,
                                   std::vector<Borrower> ready) {
  generation_ = generation;
  ready_ = std::move(ready);
  std::erase_if(ready_, [seats](const Borrower& borrower) { return borrower.seat >= seats; });
  resources_.Reseat(generation, seats, wanted, loop_.Now());
  LendAll();
  Look();
}

void ReuseportKeeper::LendAll() {
  const OpenGeneration* const open = resources_.Find(generation_);
  if (open == nullptr || ready_.empty()) return;
  for (std::uint32_t ordinal = 0; ordinal < open->listeners.size(); ++ordinal) {
    OpenListener& listener = *open->listeners[ordinal];
    for (std::size_t i = resources_.SocketsNeeded(listener); i < listener.sockets().size(); ++i) {
      if (listener.clones().IsLent(i)) continue;
      const std::uint32_t slot = ready_[i % ready_.size()].slot;
      if (send_(slot, ipc::Lend{ipc::LentKind::kListener, ordinal, listener.name()}, {listener.sockets()[i].get()})) {
        listener.Lend(i, slot, ordinal);
      }
    }
  }
}

void ReuseportKeeper::Look() {
  bool any = false;
  for (OpenListener* const listener : resources_.Listeners()) {
    const auto silent_at = listener->clones().SilentAt();
    const bool needed = resources_.SocketsNeeded(*listener) > listener->clones().seats();
    if (silent_at && *silent_at <= loop_.Now() && !held_ && !needed) {
      CloseSilent(*listener);
    } else if (silent_at) {
      listener->Watch(loop_);
      any = true;
    } else {
      listener->Unwatch();
    }
  }
  if (any) look_.StartAfter(kLookEvery);
}

void ReuseportKeeper::CloseSilent(OpenListener& listener) {
  log::Main().Print(log::Level::kInfo, "master: {}: closed {} of its sockets, which no seat needs", listener.name(),
                    listener.clones().count());
  for (const ReuseportSockets::Loan& loan : listener.TakeLoans()) {
    send_(loan.slot, ipc::Release{loan.ordinal}, {});
  }
  listener.CloseSeatless(loop_.Now());
}

}  // namespace colmeia::resources
