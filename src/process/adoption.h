// Adoption: everything a worker needs to serve, as a value. The master sends it in pieces over the channel; with
// `master_process off` the one process makes it for itself. A worker's interface is this value, not a socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "channel/channel.h"
#include "ipc/plan.h"
#include "scoreboard/board.h"
#include "sys/memfd.h"
#include "sys/unique_fd.h"
#include "trace/ring.h"
#include "util/result.h"

namespace colmeia::process {

// A listening socket, a log file or the memory of a zone (ipc::Lend).
struct Lent {
  std::uint32_t ordinal = 0;
  std::string name;
  sys::UniqueFd fd;
};

// The memory that the master shares, as descriptors; Become() closes them.
struct LentMemory {
  sys::UniqueFd scoreboard;
  sys::UniqueFd trace;
};

struct Adoption {
  ipc::Identity identity;
  std::uint32_t generation = 0;
  std::uint32_t slot = 0;
  std::uint32_t seat = 0;
  std::uint32_t seats = 1;
  ipc::ConfigText config;
  LentMemory memory;  // empty without a master
  // What became of it:
  std::optional<scoreboard::Board> board;
  std::optional<trace::Reader> trace;  // nothing without a master
  std::vector<Lent> listeners;
  std::vector<Lent> logs;    // by ordinal
  std::vector<Lent> zones;   // by ordinal
  std::uint32_t holder = 0;  // as which it counts in zones
};

// Puts an Adoption together from the master's messages, in the order of the protocol: Adopt, then Lend..., then Go.
class AdoptionReader {
 public:
  // True once Go has come and everything that Adopt announced is there. The error says what is out of order; the
  // conversation is over then.
  Result<bool> Take(channel::Received& received);

  // REQUIRES: Take returned true.
  [[nodiscard]] Adoption Finish() { return std::move(adoption_); }

 private:
  Result<> TakeLend(const ipc::Lend& lend, sys::UniqueFd fd);
  Result<> TakeAdopt(const ipc::Adopt& adopt, std::vector<sys::UniqueFd>& fds);

  enum class State {
    kWaiting,  // for Adopt
    kFilling,  // Adopt was read: what it announced follows
    kDone,     // Go was read
  };
  State state_ = State::kWaiting;
  std::uint32_t listeners_ = 0;
  std::uint32_t logs_ = 0;
  std::uint32_t zones_ = 0;
  Adoption adoption_;
};

}  // namespace colmeia::process
