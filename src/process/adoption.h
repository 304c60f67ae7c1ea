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
#include "zone/layout.h"

namespace colmeia::process {

struct LentListener {
  std::uint32_t ordinal = 0;
  std::string name;
  sys::UniqueFd fd;
};

struct LentLog {
  std::uint32_t ordinal = 0;
  std::string path;
  sys::UniqueFd fd;
};

// A zone of shared memory.
struct LentZone {
  ipc::Lend lend;
  sys::UniqueFd fd;  // Become() closes it
  // What became of it:
  zone::TableGeometry geometry;
  sys::Mapping common{};  // the table, which all workers write
  sys::Mapping share{};   // what this worker counts; a zone of counts only
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
  std::vector<LentListener> listeners;
  std::vector<LentLog> logs;    // by ordinal
  std::vector<LentZone> zones;  // by ordinal
};

// Puts an Adoption together from the master's messages, in the order of the protocol: Adopt, then Listener..., Log...,
// Lend..., then Go.
class AdoptionReader {
 public:
  // True once Go has come and everything that Adopt announced is there. The error says what is out of order; the
  // conversation is over then.
  Result<bool> Take(channel::Received& received);

  // REQUIRES: Take returned true.
  [[nodiscard]] Adoption Finish() { return std::move(adoption_); }

 private:
  Result<> TakeAdopt(const ipc::Adopt& adopt, std::vector<sys::UniqueFd>& fds);

  enum class State {
    kWaiting,  // for Adopt
    kFilling,  // Adopt was read: listeners and logs follow
    kDone,     // Go was read
  };
  State state_ = State::kWaiting;
  std::uint32_t listeners_ = 0;
  std::uint32_t logs_ = 0;
  Adoption adoption_;
};

}  // namespace colmeia::process
