// OpenListener: one listening address and the sockets that the master holds for it.
//
// It knows of no generation: which ones have it, and when it is wanted no more, is for Resources to say.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ipc/plan.h"
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

// A listening address, whatever its options are: they may differ between generations. With `reuseport` it has a socket
// for each seat, without there is one; there may be more, left from before (resources/reuseport.h).
struct OpenListener {
  // By this plan each seat accepts from a socket of its own. Unix sockets know no `reuseport`: one serves all.
  [[nodiscard]] bool HasOwnSockets(const ipc::PlannedListener& planned) const;
  // How many sockets that makes.
  [[nodiscard]] std::size_t SocketsFor(const ipc::PlannedListener& planned, std::uint32_t seats) const {
    return HasOwnSockets(planned) ? seats : 1;
  }

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
  // It is wanted again. REQUIRES: not turned away for good.
  void Admit();
  // The numbers of those of its sockets that have stopped listening, whatever process did that to them; none while it
  // is turned away.
  [[nodiscard]] std::vector<std::size_t> Deaf() const;
  // Opens them anew under the same numbers. All or nothing; what they were is put into `old`, to be closed when no loop
  // polls it any more. Clients in their queues were reset when they stopped.
  [[nodiscard]] Result<> Mend(const ipc::PlannedListener& planned, const std::vector<std::size_t>& deaf,
                              std::vector<sys::UniqueFd>& old);

  // Others may listen on its address as well: more sockets of its own, or, when it is wanted again and turned away for
  // good, another listener while this one is emptied.
  [[nodiscard]] Result<> MakeRoom();

  // A Unix socket that no client finds any more: its file is gone, or another one stands in its place.
  [[nodiscard]] bool HasLostItsName() const;

  std::string name;
  sys::Address address;
  bool reuseport = false;  // others may be bound beside its sockets
  int backlog = 511;       // as last set, with the tuning; of inherited sockets: what is not asked for
  sys::SocketTuning tuning{};
  std::vector<sys::UniqueFd> sockets;
  std::optional<sys::SocketFileId> file;  // of a Unix socket
  bool inherited = false;                 // another process may hold its sockets, too, and want its clients
  // It was removed, and new clients do not come to it.
  std::optional<sys::Refused> turned_away;
  std::uint64_t mended = 0;  // so often sockets were opened anew
  util::TimePoint mended_at{};
  ReuseportSockets clones;
  std::vector<std::unique_ptr<loop::Poll>> watches;  // ReuseportKeeper's, of the sockets without a seat
};

}  // namespace colmeia::resources
