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

}  // namespace

void OpenListener::Tell(const Result<>& done, log::Level level) const {
  if (!done) log::Main().Print(level, "master: {}: {}", name_, done.error().message);
}

void OpenListener::Settle(std::size_t seats, util::TimePoint now) {
  watches_.clear();
  clones_.Settle(seats, sockets_.size(), now);
}

Result<> OpenListener::SteerTo(std::size_t count) const {
  return sys::SteerToFirst(sockets_.front().get(), static_cast<std::uint32_t>(count));
}

void OpenListener::Steer() const {
  if (!reuseport_ || clones_.seats() == 0) return;
  Tell(SteerTo(clones_.count() == 0 ? 0 : clones_.seats()));
}

bool OpenListener::HasOwnSockets(const ipc::PlannedListener& planned) const {
  return planned.reuseport && address_.family() != AF_UNIX;
}

void OpenListener::Inherit(InheritedSocket socket) {
  inherited_ = true;
  if (!file_) file_ = sys::IdentifySocketFile(address_);
  reuseport_ = reuseport_ || socket.reuseport;
  sockets_.push_back(std::move(socket.fd));
  state_ = ListenerState::kOpen;
  // They are in use: by the master that hands them over.
  Settle(sockets_.size(), {});
}

Result<> OpenListener::Open(const ipc::PlannedListener& planned, std::uint32_t seats, Attempts attempts,
                            Company company) {
  const bool own = HasOwnSockets(planned);
  const std::size_t before = sockets_.size();
  const std::size_t wanted = SocketsFor(planned, seats);
  if (before >= wanted) return {};

  const auto fail = [&](const Error& error) -> Result<> {
    const bool taken = error.code == EADDRINUSE;
    std::string advice = Advice(error.code, planned.name);
    if (taken && attempts == Attempts::kLast) advice = Holder(address_);
    return Fail(supervisor::Place(planned.where) + error.message + advice, error.code);
  };
  if (before > 0 && !reuseport_) {
    if (auto made = MakeRoom(); !made) return fail(made.error());
  }
  const std::size_t steered = before > 0 ? clones_.seats() : 0;
  // A socket that stood alone is in no group yet: then the second one makes it.
  if (steered > 0) static_cast<void>(SteerTo(steered));
  const bool shared = own || company == Company::kTolerated;
  const sys::ListenOptions options{planned.backlog, shared, planned.ipv6only, planned.tuning};
  if (before == 0) {
    backlog_ = planned.backlog;
    tuning_ = planned.tuning;
  }
  while (sockets_.size() < wanted) {
    auto socket = sys::Listen(address_, options);
    if (!socket) {
      sockets_.resize(before);
      return fail(socket.error());
    }
    sockets_.push_back(*std::move(socket));
    if (steered > 0) Tell(SteerTo(steered));
  }
  if (state_ == ListenerState::kNew) state_ = ListenerState::kOpen;
  reuseport_ = reuseport_ || shared;
  if (!file_) file_ = sys::IdentifySocketFile(address_);
  if (steered > 0) Settle(steered, {});
  return {};
}

void OpenListener::Seat(std::size_t count, util::TimePoint now) {
  Settle(count, now);
  Steer();
}

void OpenListener::CloseSeatless(util::TimePoint now) {
  watches_.clear();
  sockets_.resize(std::min(clones_.seats(), sockets_.size()));
  Settle(sockets_.size(), now);
}

void OpenListener::Tune(const ipc::PlannedListener& planned) {
  if (backlog_ == planned.backlog && tuning_ == planned.tuning) return;
  backlog_ = planned.backlog;
  tuning_ = planned.tuning;
  for (const sys::UniqueFd& socket : sockets_) {
    const auto tuned = sys::Tune(socket.get(), {planned.backlog, false, planned.ipv6only, planned.tuning});
    Tell(tuned);
    if (!tuned) return;
  }
}

void OpenListener::Refuse() {
  if (inherited_ || !TakesClients()) return;
  state_ = ListenerState::kRefused;
  for (const sys::UniqueFd& socket : sockets_) {
    const auto done = sys::Refuse(socket.get(), address_.family());
    if (!done) {
      Tell(tl::unexpected(done.error()));
    } else if (*done == sys::Refused::kForGood) {
      state_ = ListenerState::kRefusedForGood;
    }
  }
}

std::vector<std::size_t> OpenListener::Deaf() const {
  std::vector<std::size_t> deaf;
  if (!TakesClients()) return deaf;
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (!sys::IsListening(sockets_[i].get())) deaf.push_back(i);
  }
  return deaf;
}

Result<> OpenListener::Mend(const ipc::PlannedListener& planned, const std::vector<std::size_t>& deaf,
                            util::TimePoint now, std::vector<sys::UniqueFd>& old) {
  const sys::ListenOptions options{backlog_, reuseport_, planned.ipv6only, tuning_};
  // Without listening they keep nobody from the address.
  std::vector<sys::UniqueFd> fresh;
  for (std::size_t i = 0; i < deaf.size(); ++i) {
    auto socket = sys::Listen(address_, options);
    if (!socket) return Fail(socket.error().message + Advice(socket.error().code, planned.name), socket.error().code);
    fresh.push_back(*std::move(socket));
  }
  watches_.clear();
  for (std::size_t i = 0; i < deaf.size(); ++i) {
    old.push_back(std::exchange(sockets_[deaf[i]], std::move(fresh[i])));
  }
  if (file_) file_ = sys::IdentifySocketFile(address_);
  ++mended_;
  mended_at_ = now;
  if (clones_.count() > 0) Steer();
  return {};
}

Result<> OpenListener::MakeRoom() {
  for (const sys::UniqueFd& socket : sockets_) {
    if (auto allowed = sys::AllowReusePort(socket.get()); !allowed) return allowed;
  }
  return {};
}

bool OpenListener::HasLostItsName() const {
  const bool has_file = address_.family() == AF_UNIX && !address_.UnixPath().empty();
  if (!has_file || sockets_.empty()) return false;
  const auto now = sys::IdentifySocketFile(address_);
  return !now || now != file_;
}

void OpenListener::Admit() {
  if (std::exchange(state_, ListenerState::kOpen) != ListenerState::kRefused) return;
  for (const sys::UniqueFd& socket : sockets_) Tell(sys::Admit(socket.get()), log::Level::kError);
}

void OpenListener::Watch(loop::Loop& loop) {
  if (watches_.size() != clones_.count()) {
    watches_.clear();
    for (std::size_t i = clones_.seats(); i < sockets_.size(); ++i) {
      const std::size_t at = watches_.size();
      const auto on_client = [this, &loop, at](int) {
        clones_.Heard(loop.Now());
        watches_[at]->Stop();  // until the next call: a worker takes the client meanwhile
      };
      watches_.push_back(std::make_unique<loop::Poll>(loop, sockets_[i].get(), on_client));
    }
  }
  for (const auto& watch : watches_) watch->Start(loop::kReadable);
}

void OpenListener::Release(std::shared_ptr<OpenListener> share) {
  if (share.use_count() > 1) return;
  const sys::Address address = share->address_;
  const auto file = share->file_;
  share.reset();
  if (file) sys::RemoveSocketFile(address, *file);
}

}  // namespace colmeia::resources
