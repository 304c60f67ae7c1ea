#include "resources/open_listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/core.h>

#include "log/error_log.h"
#include "supervisor/words.h"
#include "sys/port_holder.h"

namespace colmeia::resources {
namespace {

// Who has the address, in words for the operator.
std::string Holder(const sys::Address& address) {
  const auto holder = sys::FindPortHolder(address);
  if (!holder) return "; another process listens there, find it with: ss -ltnp";
  if (holder->pid == getpid()) return "; this server itself listens there, by another name";
  return fmt::format("; pid {} ({}) listens there", holder->pid, holder->name);
}

std::string Advice(int code, const std::string& name) {
  switch (code) {
    case EACCES:
    case EPERM:
      return "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
      return "; no interface of this machine has that address, see: ip address";
    case EMFILE:
    case ENFILE:
      return "; no descriptors are left, raise worker_rlimit_nofile or the limit of the service (" + name + ")";
    default:
      return {};
  }
}

// What fails here leaves a server that serves, though not as it should.
void Tell(const OpenListener& listener, const Result<>& done, log::Level level = log::Level::kWarn) {
  if (!done) log::Main().Print(level, "master: {}: {}", listener.name, done.error().message);
}

// After the number of its sockets, or of those with a seat, has changed.
void Settle(OpenListener& listener, std::size_t seats, util::TimePoint now) {
  listener.watches.clear();
  listener.clones.Settle(seats, listener.sockets.size(), now);
}

// 0: to all.
Result<> SteerTo(const OpenListener& listener, std::size_t count) {
  return sys::SteerToFirst(listener.sockets.front().get(), static_cast<std::uint32_t>(count));
}

// New connections go to the sockets with a seat; when all have one, to whichever the kernel chooses.
void Steer(const OpenListener& listener) {
  if (!listener.reuseport || listener.clones.seats() == 0) return;
  Tell(listener, SteerTo(listener, listener.clones.count() == 0 ? 0 : listener.clones.seats()));
}

}  // namespace

bool OpenListener::HasOwnSockets(const ipc::PlannedListener& planned) const {
  return planned.reuseport && address.family() != AF_UNIX;
}

void OpenListener::Inherit(InheritedSocket socket) {
  inherited = true;
  if (!file) file = sys::IdentifySocketFile(address);
  reuseport = reuseport || socket.reuseport;
  sockets.push_back(std::move(socket.fd));
  // They are in use: by the master that hands them over.
  Settle(*this, sockets.size(), {});
}

Result<> OpenListener::Open(const ipc::PlannedListener& planned, std::uint32_t seats, Attempts attempts,
                            Company company) {
  const bool own = HasOwnSockets(planned);
  const std::size_t before = sockets.size();
  const std::size_t wanted = SocketsFor(planned, seats);
  if (before >= wanted) return {};

  const auto fail = [&](const Error& error) -> Result<> {
    const bool taken = error.code == EADDRINUSE;
    std::string advice = Advice(error.code, planned.name);
    if (taken && attempts == Attempts::kLast) advice = Holder(address);
    return Fail(supervisor::Place(planned.where) + error.message + advice, error.code);
  };
  if (before > 0 && !reuseport) {
    if (auto made = MakeRoom(); !made) return fail(made.error());
  }
  const std::size_t steered = before > 0 ? clones.seats() : 0;
  // A socket that stood alone is in no group yet: then the second one makes it.
  if (steered > 0) static_cast<void>(SteerTo(*this, steered));
  const bool shared = own || company == Company::kTolerated;
  const sys::ListenOptions options{planned.backlog, shared, planned.ipv6only, planned.tuning};
  if (before == 0) {
    backlog = planned.backlog;
    tuning = planned.tuning;
  }
  while (sockets.size() < wanted) {
    auto socket = sys::Listen(address, options);
    if (!socket) {
      sockets.resize(before);
      return fail(socket.error());
    }
    sockets.push_back(*std::move(socket));
    if (steered > 0) Tell(*this, SteerTo(*this, steered));
  }
  reuseport = reuseport || shared;
  if (!file) file = sys::IdentifySocketFile(address);
  if (steered > 0) Settle(*this, steered, {});
  return {};
}

void OpenListener::Seat(std::size_t count, util::TimePoint now) {
  Settle(*this, count, now);
  Steer(*this);
}

void OpenListener::CloseSeatless(util::TimePoint now) {
  watches.clear();
  sockets.resize(std::min(clones.seats(), sockets.size()));
  Settle(*this, sockets.size(), now);
}

void OpenListener::Tune(const ipc::PlannedListener& planned) {
  if (backlog == planned.backlog && tuning == planned.tuning) return;
  backlog = planned.backlog;
  tuning = planned.tuning;
  for (const sys::UniqueFd& socket : sockets) {
    const auto tuned = sys::Tune(socket.get(), {planned.backlog, false, planned.ipv6only, planned.tuning});
    Tell(*this, tuned);
    if (!tuned) return;
  }
}

void OpenListener::Refuse() {
  if (inherited || turned_away) return;
  turned_away = sys::Refused::kForNow;
  for (const sys::UniqueFd& socket : sockets) {
    const auto done = sys::Refuse(socket.get(), address.family());
    if (!done) {
      Tell(*this, tl::unexpected(done.error()));
    } else if (*done == sys::Refused::kForGood) {
      turned_away = *done;
    }
  }
}

std::vector<std::size_t> OpenListener::Deaf() const {
  std::vector<std::size_t> deaf;
  if (turned_away) return deaf;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    if (!sys::IsListening(sockets[i].get())) deaf.push_back(i);
  }
  return deaf;
}

Result<> OpenListener::Mend(const ipc::PlannedListener& planned, const std::vector<std::size_t>& deaf,
                            std::vector<sys::UniqueFd>& old) {
  const sys::ListenOptions options{backlog, reuseport, planned.ipv6only, tuning};
  // Without listening they keep nobody from the address.
  std::vector<sys::UniqueFd> fresh;
  for (std::size_t i = 0; i < deaf.size(); ++i) {
    auto socket = sys::Listen(address, options);
    if (!socket) return Fail(socket.error().message + Advice(socket.error().code, planned.name), socket.error().code);
    fresh.push_back(*std::move(socket));
  }
  watches.clear();
  for (std::size_t i = 0; i < deaf.size(); ++i) {
    old.push_back(std::exchange(sockets[deaf[i]], std::move(fresh[i])));
  }
  if (file) file = sys::IdentifySocketFile(address);
  ++mended;
  if (clones.count() > 0) Steer(*this);
  return {};
}

Result<> OpenListener::MakeRoom() {
  for (const sys::UniqueFd& socket : sockets) {
    if (auto allowed = sys::AllowReusePort(socket.get()); !allowed) return allowed;
  }
  return {};
}

bool OpenListener::HasLostItsName() const {
  const bool has_file = address.family() == AF_UNIX && !address.UnixPath().empty();
  if (!has_file || sockets.empty()) return false;
  const auto now = sys::IdentifySocketFile(address);
  return !now || now != file;
}

void OpenListener::Admit() {
  if (!std::exchange(turned_away, std::nullopt)) return;
  for (const sys::UniqueFd& socket : sockets) Tell(*this, sys::Admit(socket.get()), log::Level::kError);
}

}  // namespace colmeia::resources
