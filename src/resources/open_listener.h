// OpenListener: one listening address and the sockets that the master holds for it.
//
// It knows of no generation: which ones have it, and when it is wanted no more, is for Resources to say. Its life:
//
//             Inherit(), Open()             Refuse()
//      New ---------------------> Open <----------------> Refused
//                                  | \        Admit()        |
//                                  |  \                      |
//                                  |   +-- Refuse() --> RefusedForGood
//                                  |                         |
//                                  +------- Release() of the last share: its sockets are closed
//
// - Open: clients come. Open() adds sockets for more seats, Seat() says which of them get new clients, CloseSeatless()
//   closes the others, Tune() gives all of them other options, Mend() opens anew what has stopped listening.
// - Refused: no new client comes, and those in the queues can still be accepted.
// - RefusedForGood: the same of sockets that cannot listen again. A listener that takes its place is another one, with
//   which it shares the address: MakeRoom().
//
// A listener has an address whatever its options are: they may differ between generations. With `reuseport` it has a
// socket for each seat, without there is one; there may be more, left from before (resources/reuseport.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ipc/plan.h"
#include "log/level.h"
#include "loop/loop.h"
#include "loop/poll.h"
#include "resources/inherited.h"
#include "resources/reuseport.h"
#include "sys/address.h"
#include "sys/sockets.h"
#include "sys/unique_fd.h"
#include "util/clock.h"
#include "util/result.h"

namespace colmeia::resources {

// Whether an address that is taken will be tried again. Its holder is looked up for the last error alone.
enum class Attempts { kMore, kLast };

// Whether another socket of ours may have the address that one is opened for.
enum class Company { kNone, kTolerated };

enum class ListenerState : std::uint8_t {
  kNew,             // it has no socket yet
  kOpen,            // clients come
  kRefused,         // no new client comes; it can be admitted again
  kRefusedForGood,  // no new client comes, ever
};

class OpenListener {
 public:
  OpenListener(std::string name, sys::Address address) : name_(std::move(name)), address_(std::move(address)) {}
  OpenListener(const OpenListener&) = delete;
  OpenListener& operator=(const OpenListener&) = delete;

  // One more socket, of this address. REQUIRES: nothing was opened yet.
  void Inherit(InheritedSocket socket);

  // Opens what is missing for so many seats: all or nothing. New sockets come after those that are there and get no
  // connections before Seat(); those of a first start do, and a client that comes early waits in their queues. The
  // error names the address, its place in the configuration, and what to do.
  // With Company::kTolerated a socket that made room may still have the address.
  [[nodiscard]] Result<> Open(const ipc::PlannedListener& planned, std::uint32_t seats, Attempts attempts,
                              Company company = Company::kNone);

  // New connections go to the first `count` sockets from now on.
  void Seat(std::size_t count, util::TimePoint now);
  // Closes the sockets without a seat. New connections still go to the others alone: a worker that was lent one of
  // those may have it a little longer.
  void CloseSeatless(util::TimePoint now);

  // Gives its sockets the options of this plan, if they have others.
  void Tune(const ipc::PlannedListener& planned);

  // It was removed: no new client comes, while those in its queues can still be accepted. Inherited sockets may be
  // another process's as well, and stay as they are.
  void Refuse();
  // It is wanted again. REQUIRES: not refused for good.
  void Admit();

  // Opens sockets anew under the same numbers (Deaf). All or nothing; what they were is put into `old`, to be closed
  // when no loop polls it any more. Clients in their queues were reset when they stopped.
  [[nodiscard]] Result<> Mend(const ipc::PlannedListener& planned, const std::vector<std::size_t>& deaf,
                              util::TimePoint now, std::vector<sys::UniqueFd>& old);

  // Others may listen on its address as well: more sockets of its own, or, when it is wanted again and refused for
  // good, another listener while this one is emptied.
  [[nodiscard]] Result<> MakeRoom();

  // Gives up one share. The last one closes the sockets; after that the path of a Unix socket belongs to whichever
  // process still listens on it, such as another master, or to none, and then it is removed.
  static void Release(std::shared_ptr<OpenListener> share);

  // --- The sockets without a seat (resources/reuseport.h) ---

  // The worker in `slot` has this one, a listener with this ordinal to it.
  void Lend(std::size_t socket, std::uint32_t slot, std::uint32_t ordinal) { clones_.Lend(socket, slot, ordinal); }
  // That worker has none any more.
  void Gone(std::uint32_t slot) { clones_.Gone(slot); }
  // All loans end: what to release.
  [[nodiscard]] std::vector<ReuseportSockets::Loan> TakeLoans() { return clones_.TakeLoans(); }
  // A client came to one of them.
  void Heard(util::TimePoint now) { clones_.Heard(now); }
  // Waits for clients there, of each of them for one until the next call. `loop` outlives this, or Unwatch().
  void Watch(loop::Loop& loop);
  void Unwatch() { watches_.clear(); }
  [[nodiscard]] const ReuseportSockets& clones() const { return clones_; }

  // --- What it is ---

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const sys::Address& address() const { return address_; }
  [[nodiscard]] ListenerState state() const { return state_; }
  // New clients come to it, or will.
  [[nodiscard]] bool TakesClients() const { return state_ == ListenerState::kNew || state_ == ListenerState::kOpen; }
  // In the order of their group.
  [[nodiscard]] const std::vector<sys::UniqueFd>& sockets() const { return sockets_; }
  // Others may be bound beside its sockets.
  [[nodiscard]] bool reuseport() const { return reuseport_; }
  // By this plan each seat accepts from a socket of its own. Unix sockets know no `reuseport`: one serves all.
  [[nodiscard]] bool HasOwnSockets(const ipc::PlannedListener& planned) const;
  // How many sockets that makes.
  [[nodiscard]] std::size_t SocketsFor(const ipc::PlannedListener& planned, std::uint32_t seats) const {
    return HasOwnSockets(planned) ? seats : 1;
  }
  // The numbers of those of its sockets that have stopped listening, whatever process did that to them; none while it
  // is refused.
  [[nodiscard]] std::vector<std::size_t> Deaf() const;
  // How often sockets were opened anew, and whether that was after this moment.
  [[nodiscard]] std::uint64_t mended() const { return mended_; }
  [[nodiscard]] bool MendedAfter(util::TimePoint moment) const { return mended_ > 0 && mended_at_ > moment; }
  // A Unix socket that no client finds any more: its file is gone, or another one stands in its place.
  [[nodiscard]] bool HasLostItsName() const;

 private:
  // What fails leaves a server that serves, though not as it should.
  void Tell(const Result<>& done, log::Level level = log::Level::kWarn) const;
  // After the number of its sockets, or of those with a seat, has changed.
  void Settle(std::size_t seats, util::TimePoint now);
  // New connections go to the sockets with a seat; when all have one, to whichever the kernel chooses.
  void Steer() const;
  // 0: to all.
  [[nodiscard]] Result<> SteerTo(std::size_t count) const;

  std::string name_;
  sys::Address address_;
  ListenerState state_ = ListenerState::kNew;
  bool inherited_ = false;  // another process may hold its sockets, too, and want its clients
  bool reuseport_ = false;
  int backlog_ = 511;  // as last set, with the tuning; of inherited sockets: what is not asked for
  sys::SocketTuning tuning_{};
  std::vector<sys::UniqueFd> sockets_;
  std::optional<sys::SocketFileId> file_;  // of a Unix socket
  std::uint64_t mended_ = 0;
  util::TimePoint mended_at_{};
  ReuseportSockets clones_;
  std::vector<std::unique_ptr<loop::Poll>> watches_;  // of the sockets without a seat
};

}  // namespace colmeia::resources
