#include "process/adoption.h"

#include <fmt/core.h>

#include "ipc/codec.h"
#include "sys/memfd.h"

namespace colmeia::process {

Result<bool> AdoptionReader::Take(channel::Received& received) {
  if (const auto* const adopt = std::get_if<ipc::Adopt>(&received.message);
      adopt != nullptr && state_ == State::kWaiting) {
    if (auto taken = TakeAdopt(*adopt, received.fds); !taken) return tl::unexpected(taken.error());
    state_ = State::kFilling;
    return false;
  }
  if (state_ == State::kFilling) {
    if (const auto* const lend = std::get_if<ipc::Lend>(&received.message)) {
      if (auto taken = TakeLend(*lend, std::move(received.fds.front())); !taken) return tl::unexpected(taken.error());
      return false;
    }
    if (std::holds_alternative<ipc::Go>(received.message)) {
      if (adoption_.listeners.size() != listeners_ || adoption_.logs.size() != logs_ ||
          adoption_.zones.size() != zones_) {
        return Fail(fmt::format("the master announced {} listeners, {} logs and {} zones, and lent {}, {} and {}",
                                listeners_, logs_, zones_, adoption_.listeners.size(), adoption_.logs.size(),
                                adoption_.zones.size()));
      }
      state_ = State::kDone;
      return true;
    }
  }
  return Fail(fmt::format("the master sent {} out of order", ipc::Describe(received.message)));
}

// Of a listener there may be several sockets, or none; logs and zones have their place.
Result<> AdoptionReader::TakeLend(const ipc::Lend& lend, sys::UniqueFd fd) {
  std::vector<Lent>* list = nullptr;
  switch (lend.kind) {
    case ipc::LentKind::kListener:
      adoption_.listeners.push_back({lend.ordinal, lend.name, std::move(fd)});
      return {};
    case ipc::LentKind::kLog:
      list = &adoption_.logs;
      break;
    case ipc::LentKind::kZone:
      list = &adoption_.zones;
      break;
  }
  if (list == nullptr || lend.ordinal != list->size()) {
    return Fail(fmt::format("the master sent {} out of order", ipc::Describe(lend)));
  }
  list->push_back({lend.ordinal, lend.name, std::move(fd)});
  return {};
}

Result<> AdoptionReader::TakeAdopt(const ipc::Adopt& adopt, std::vector<sys::UniqueFd>& fds) {
  if (!ipc::Decode(adopt.identity, adoption_.identity)) return Fail("the master sent an identity that cannot be read");
  auto encoded = sys::ReadMemfd(fds[ipc::kConfigFd].get());
  if (!encoded) return tl::unexpected(encoded.error());
  if (!ipc::Decode(*encoded, adoption_.config)) return Fail("the master sent a configuration that cannot be read");
  if (adopt.slot >= scoreboard::kSlots) return Fail("the master sent a slot that does not exist");
  adoption_.memory = {std::move(fds[ipc::kScoreboardFd]), std::move(fds[ipc::kTraceFd])};
  adoption_.generation = adopt.generation;
  adoption_.slot = adopt.slot;
  adoption_.seat = adopt.seat;
  adoption_.seats = adopt.seats;
  listeners_ = adopt.listeners;
  logs_ = adopt.logs;
  zones_ = adopt.zones;
  adoption_.holder = adopt.holder;
  return {};
}

}  // namespace colmeia::process
