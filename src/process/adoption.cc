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
    if (const auto* const listener = std::get_if<ipc::Listener>(&received.message)) {
      adoption_.listeners.push_back({listener->ordinal, listener->name, std::move(received.fds.front())});
      return false;
    }
    if (const auto* const log = std::get_if<ipc::Log>(&received.message)) {
      if (log->ordinal != adoption_.logs.size()) return Fail("the master sent its logs out of order");
      adoption_.logs.push_back({log->ordinal, log->path, std::move(received.fds.front())});
      return false;
    }
    if (const auto* const lend = std::get_if<ipc::Lend>(&received.message)) {
      if (lend->ordinal != adoption_.zones.size()) return Fail("the master sent its zones out of order");
      adoption_.zones.push_back({.lend = *lend, .fd = std::move(received.fds.front()), .geometry = {}});
      return false;
    }
    if (std::holds_alternative<ipc::Go>(received.message)) {
      if (adoption_.listeners.size() != listeners_ || adoption_.logs.size() != logs_) {
        return Fail(fmt::format("the master announced {} listeners and {} logs, and sent {} and {}", listeners_, logs_,
                                adoption_.listeners.size(), adoption_.logs.size()));
      }
      state_ = State::kDone;
      return true;
    }
  }
  return Fail(fmt::format("the master sent {} out of order", ipc::Describe(received.message)));
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
  return {};
}

}  // namespace colmeia::process
