// The supervisor among random events: whatever happens, in whatever order, its invariants hold, and once told to stop
// it comes to an end.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "manual_clock.h"
#include "supervisor/books.h"
#include "supervisor/fixture.h"

namespace colmeia::supervisor {
namespace {

// A world of processes that do as they like.
class World : public Books {
 public:
  // Every third world is a wild one; in the others accidents are rare enough for long lives.
  explicit World(unsigned seed) : random_(seed), accidents_(seed % 3 == 0 ? 40 : 600) {}

  void Begin() {
    tells_main_pid_ = Toss(2);
    Happens(Start{Toss(2) ? RandomPlan() : nullptr, 0, tells_main_pid_});
  }

  // One random thing happens.
  void Step() {
    clock_.Advance(util::Milliseconds(Pick(100)));
    if (Toss(300)) clock_.Advance(std::chrono::seconds(Pick(20)));
    const auto deadline = supervisor_.NextDeadline();
    if (deadline && *deadline <= clock_.Now()) Happens(Deadline{});
    switch (Pick(17)) {
      case 0:
        return AnswerCompile();
      case 1:
      case 2:
        return AnswerOpen();
      case 3:
        if (Toss(2)) Happens(Signal{RandomSignal(), 1, Toss(10) ? false : true});
        return;
      case 4:
        if (reopening_) Happens(LogsReopened{{{Pick(8), Pick(5)}, {Pick(8), Pick(5)}}, {}, 1});
        return;
      case 5:
        return Happens(Deadline{});
      case 14:
        if (Toss(3)) AskSomething();
        return;
      case 15:
        return NewBinaryActs();
      case 16:
        return WatchersAct();
      default:
        return WorkerActs();
    }
  }

  // The server is told to stop, and the world grows old: killed processes die, others leave if they like.
  void End() {
    Happens(Signal{Toss(2) ? SIGTERM : SIGQUIT, 1, true});
    for (int i = 0; i < 10000 && !left_; ++i) {
      for (const std::uint32_t generation : std::set<std::uint32_t>(compiling_)) {
        compiling_.erase(generation);
        Happens(Compiled{generation, nullptr, "killed"});
      }
      std::vector<std::uint32_t> slots;
      for (const auto& [slot, process] : processes_) slots.push_back(slot);
      for (const std::uint32_t slot : slots) {
        if (processes_.contains(slot) && (processes_[slot].killed || Toss(5))) Die(slot);
      }
      if (left_) return;
      if (upgrade_ == NewBinary::kSpawning) NewBinaryActs();
      if (upgrade_ == NewBinary::kLives && (upgrade_killed_ || Toss(5))) NewBinaryDies();
      if (left_) return;
      if (Toss(200)) Happens(Signal{SIGTERM, 1, true});
      const auto deadline = supervisor_.NextDeadline();
      if (deadline) clock_.Advance(std::max(*deadline - clock_.Now(), util::Duration::zero()));
      Happens(Deadline{});
    }
    EXPECT_TRUE(left_) << "told to stop, and never left; alive: " << processes_.size();
  }

 private:
  std::uint32_t Pick(std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>(0, below - 1)(random_);
  }
  bool Toss(std::uint32_t one_in) { return Pick(one_in) == 0; }

  PlanPtr RandomPlan() {
    auto plan = std::make_shared<ipc::Plan>();
    plan->workers = 1 + Pick(4);
    plan->shutdown_timeout = util::Milliseconds(Toss(3) ? 0 : 1000 * Pick(20));
    plan->max_generations = 1 + Pick(4);
    plan->daemon = Toss(2);
    return plan;
  }

  int RandomSignal() {
    static constexpr int kSignals[] = {SIGHUP,   SIGHUP,  SIGHUP,  SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU,
                                       SIGWINCH, SIGQUIT, SIGALRM, SIGTTIN, SIGTTOU, SIGUSR1};
    const int signal = kSignals[Pick(13)];
    return signal == SIGQUIT && !Toss(40) ? SIGHUP : signal;
  }

  void AskSomething() {
    static constexpr Command kCommands[] = {Command::kReload,  Command::kReopen, Command::kRestart, Command::kRestart,
                                            Command::kScale,   Command::kScale,  Command::kDrain,   Command::kDrain,
                                            Command::kUpgrade, Command::kQuit,   Command::kStop};
    const Command command = kCommands[Pick(11)];
    const bool ends = command == Command::kQuit || command == Command::kStop;
    if (ends && !Toss(60)) return;
    const std::uint64_t id = ++last_id_;
    asked_.insert(id);
    ++tally_.requests;
    Happens(Request{id, {command, Pick(command == Command::kScale ? 7 : 9)}, 1});
    if (ends) stopping_ = true;
    if (!asked_.contains(id)) ++tally_.refused;
    if (Toss(5) && asked_.contains(id)) {
      asked_.erase(id);
      Happens(RequesterGone{id});
    }
  }

  void WatchersAct() {
    const std::uint32_t slot = Pick(10);
    switch (Pick(8)) {
      case 0:
        return Happens(Stale{slot, util::Milliseconds(10000), Toss(2), "quiet"});
      case 1:
        return Happens(Fresh{slot});
      case 2:
        return Happens(Recycle{slot, "has grown"});
      default:
        return;
    }
  }

  void NewBinaryActs() {
    switch (upgrade_) {
      case NewBinary::kNone:
        return;
      case NewBinary::kSpawning:
        upgrade_ = Toss(5) ? NewBinary::kNone : NewBinary::kLives;
        upgrade_killed_ = false;
        if (upgrade_ == NewBinary::kNone) return Happens(UpgradeFailed{"no such file"});
        return Happens(UpgradeSpawned{++last_pid_});
      case NewBinary::kLives:
        if (upgrade_killed_ || Toss(12)) return NewBinaryDies();
        if (Toss(10)) return Happens(UpgradeFailed{"a mistake"});
        if (Toss(4)) return Happens(UpgradeReady{});
        return;
    }
  }

  void NewBinaryDies() {
    upgrade_ = NewBinary::kNone;
    Happens(UpgradeExited{static_cast<int>(Pick(3)), upgrade_killed_ ? SIGKILL : 0});
  }

  void AnswerCompile() {
    if (compiling_.empty()) return;
    const std::uint32_t generation = *compiling_.begin();
    compiling_.erase(generation);
    Happens(Compiled{generation, Toss(6) ? nullptr : RandomPlan(), "a mistake"});
  }

  void AnswerOpen() {
    if (opening_.empty()) return;
    const std::uint32_t generation = *opening_.begin();
    opening_.erase(generation);
    if (Toss(8)) {
      Happens(ResourcesFailed{generation, "taken"});
    } else {
      Happens(ResourcesOpened{generation});
    }
  }

  void WorkerActs() {
    if (processes_.empty()) return;
    auto it = processes_.begin();
    std::advance(it, Pick(static_cast<std::uint32_t>(processes_.size())));
    const std::uint32_t slot = it->first;
    Process& process = it->second;
    if (process.killed && !process.reaped) return Die(slot);
    if (process.reaped) return CloseChannel(slot);
    if (process.channel_closed) return Reap(slot, 1, 0);
    switch (Pick(accidents_)) {
      case 0:
        return Die(slot);
      case 1:
        return Reap(slot, 0, SIGSEGV);
      case 2:
        return CloseChannel(slot, Toss(2) ? "a broken frame" : "");
      case 3:
        return Happens(Received{slot, ipc::Failed{"reasons"}, 0});
      case 4:
        if (!process.ready && !Toss(8)) break;  // out of turn: its end
        if (process.adopted) process.self_draining = true;
        return Happens(Received{slot, ipc::Draining{Pick(9)}, 0});
      case 5:
        return Happens(Received{slot, ipc::Done{}, Pick(5)});
      case 6:
        if (Toss(4)) Happens(Received{slot, ipc::Go{}, 0});
        return;
      default:
        break;
    }
    if (process.told_to_leave && Toss(3)) return Die(slot);
    if (!process.adopted) return Happens(Received{slot, ipc::Hello{}, 0});
    const SlotState state = supervisor_.slots()[slot].state;
    if (state != SlotState::kStarting) return;
    process.ready = true;
    Happens(Received{slot, ipc::Ready{}, 0});
  }

  void Die(std::uint32_t slot) {
    const bool killed = processes_[slot].killed;
    if (Toss(2)) {
      CloseChannel(slot);
      Reap(slot, 0, killed ? SIGKILL : 0);
    } else {
      Reap(slot, 0, killed ? SIGKILL : 0);
      CloseChannel(slot);
    }
  }

  void CloseChannel(std::uint32_t slot, const std::string& why = "") {
    if (!processes_.contains(slot) || processes_[slot].channel_closed) return;
    processes_[slot].channel_closed = true;
    Forget(slot);
    Happens(ChannelClosed{slot, why});
  }

  void Reap(std::uint32_t slot, int code, int signal) {
    if (!processes_.contains(slot) || processes_[slot].reaped) return;
    processes_[slot].reaped = true;
    Forget(slot);
    Happens(Exit{slot, code, signal});
  }

  void Forget(std::uint32_t slot) {
    if (processes_[slot].reaped && processes_[slot].channel_closed) processes_.erase(slot);
  }

  void Happens(const Event& event) {
    std::vector<Event> events{event};
    while (!events.empty()) {
      const Event next = events.front();
      events.erase(events.begin());
      if (const auto* failed = std::get_if<SpawnFailed>(&next)) processes_.erase(failed->slot);
      for (const Action& action : supervisor_.On(next, clock_.Now())) {
        SCOPED_TRACE(Describe(action));
        Note(action, supervisor_.current());
        if (const auto* spawn = std::get_if<Spawn>(&action)) {
          if (Toss(accidents_)) {
            events.push_back(SpawnFailed{spawn->slot, "no"});
          } else {
            events.push_back(Spawned{spawn->slot, ++last_pid_});
          }
        } else if (const auto* close = std::get_if<supervisor::CloseChannel>(&action)) {
          processes_[close->slot].channel_closed = true;
          Forget(close->slot);
          events.push_back(ChannelClosed{close->slot, "by us"});
        }
      }
      if (std::holds_alternative<Signal>(next)) NoteStop(std::get<Signal>(next).number);
    }
    const auto deadline = supervisor_.NextDeadline();
    if (std::holds_alternative<Deadline>(event)) {
      EXPECT_TRUE(!deadline || *deadline > clock_.Now()) << "it spins";
    }
    EXPECT_EQ(supervisor_.slots().living(), processes_.size()) << "slots and processes differ";
  }

  void NoteStop(int signal) { stopping_ = stopping_ || signal == SIGTERM || signal == SIGQUIT; }

  std::mt19937 random_;
  std::uint32_t accidents_;  // one of the accidents happens once in so many turns
  util::ManualClock clock_;
  Supervisor supervisor_;
  pid_t last_pid_ = 100;
  std::uint64_t last_id_ = 0;
  bool tells_main_pid_ = false;
};

TEST(SupervisorRandomTest, KeepsItsInvariantsWhateverHappens) {
  Books::Tally all;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    world.Begin();
    for (int step = 0; step < 1500 && !world.left() && !testing::Test::HasFailure(); ++step) world.Step();
    if (!world.left()) world.End();
    ASSERT_FALSE(testing::Test::HasFailure());
    all += world.tally();
  }
  EXPECT_GT(all.promotions, 800);
  EXPECT_GT(all.rollbacks, 300);
  EXPECT_GT(all.spawns, 5000);
  EXPECT_GT(all.kills, 500);
  EXPECT_GT(all.orders, 3000);
  EXPECT_GT(all.requests, 3000);
  EXPECT_LT(all.refused, all.requests / 2 + all.requests / 4);
  EXPECT_GT(all.fulfilled, 500);
  EXPECT_GT(all.switches, 300);
  EXPECT_GT(all.hangs, 100);
  EXPECT_GT(all.upgrades, 30);
}

}  // namespace
}  // namespace colmeia::supervisor
