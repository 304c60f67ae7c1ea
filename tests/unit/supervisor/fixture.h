// A small language for stories about the supervisor: a hand-set clock, a pretended shell that answers Spawn with a pid,
// and actions as words ("spawn 4: worker 0 of 2", "drain 0 within 30000 ms").
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "manual_clock.h"
#include "supervisor/supervisor.h"

namespace colmeia::supervisor {

using namespace std::chrono_literals;
using supervisor::Command;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

// "" for Log, SetState, SetServer, Respawning, SeatsChanged and Reloading: they have lists of their own.
std::string Describe(const Action& action);

class SupervisorFixture : public ::testing::Test {
 protected:
  // --- What is given ---

  static PlanPtr PlanOf(std::uint32_t workers, util::Milliseconds shutdown_timeout = 0ms);

  // Generation 1 serves with this many workers, in slots 0..n-1 with pids 101..; what led there is forgotten.
  void GivenReadyWorkers(std::uint32_t workers, util::Milliseconds shutdown_timeout = 0ms);

  // The same, but generation 1 has only been told to start: every worker is spawned, none has said a word.
  void GivenSpawnedWorkers(std::uint32_t workers, util::Milliseconds shutdown_timeout = 0ms);

  // A reload was asked for and has come as far as spawning the workers of the new generation.
  void GivenReloadSpawned(std::uint32_t generation, std::uint32_t workers, util::Milliseconds shutdown_timeout = 0ms);

  // --- What happens ---

  void On(const Event& event);  // Spawn is answered by Spawned at once, or by SpawnFailed while spawns_fail
  void Send(int signal, pid_t sender = 456) { On(Signal{signal, sender, true}); }
  void Ask(std::uint64_t id, supervisor::Command command, std::uint32_t argument = 0) {
    On(Request{id, {command, argument}, 456});
  }
  void Hello(std::uint32_t slot) { On(Received{slot, ipc::Hello{}, 0}); }
  void Ready(std::uint32_t slot) { On(Received{slot, ipc::Ready{}, 0}); }
  void Draining(std::uint32_t slot, std::uint32_t connections = 0) {
    On(Received{slot, ipc::Draining{connections}, 0});
  }
  void Failed(std::uint32_t slot, const std::string& why) { On(Received{slot, ipc::Failed{why}, 0}); }
  void BecomesReady(std::uint32_t slot);
  void Closes(std::uint32_t slot) { On(ChannelClosed{slot, ""}); }
  void Exits(std::uint32_t slot, int code = 0, int signal = 0) { On(Exit{slot, code, signal}); }
  void Dies(std::uint32_t slot, int code = 0, int signal = 0);  // both ends
  void Advance(util::Duration by);                              // stops at each deadline on the way

  // --- What came of it, since the last Forget() ---

  std::vector<std::string> Actions() const;
  std::vector<std::string> Log() const;                  // "[notice] text"
  std::vector<std::string> States() const;               // "0 ready"
  std::vector<std::string> Server() const;               // "serving 1"
  std::vector<std::string> Facts() const;                // "seats 2/3 of 1", "reloading 2"
  std::vector<std::string> Replies() const;              // "reply 7: 0 4 workers serve"
  std::size_t Respawns() const;                          // workers counted as replaced
  std::size_t CountOf(const std::string& prefix) const;  // actions that begin so
  void Forget() { actions_.clear(); }

  std::uint32_t SlotOf(std::uint32_t generation, std::uint32_t seat) const;  // of the worker that fills the seat

  Supervisor supervisor;
  util::ManualClock clock;
  bool spawns_fail = false;

 private:
  std::vector<Action> actions_;
  pid_t last_pid_ = 100;
};

}  // namespace colmeia::supervisor
