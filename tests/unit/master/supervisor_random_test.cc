// The supervisor among random events: whatever happens, in whatever order, its invariants hold, and once told to stop
// it comes to an end.
#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "master/fixture.h"

namespace colmeia::master {
namespace {

// A world of processes that do as they like. It keeps its own books from the actions alone, so that a mistake in the
// supervisor's books is seen.
class World {
 public:
  // Every third world is a wild one; in the others accidents are rare enough for long lives.
  explicit World(unsigned seed) : random_(seed), accidents_(seed % 3 == 0 ? 40 : 600) {}

  // How often things came to pass, so that a test may know that it tested something.
  struct Tally {
    int promotions = 0;
    int rollbacks = 0;
    int spawns = 0;
    int kills = 0;
    int orders = 0;
  };
  [[nodiscard]] const Tally& tally() const { return tally_; }

  void Begin() { Happens(Start{Toss(2) ? RandomPlan() : nullptr}); }

  // One random thing happens.
  void Step() {
    clock_.Advance(util::Milliseconds(Pick(100)));
    if (Toss(300)) clock_.Advance(std::chrono::seconds(Pick(20)));
    const auto deadline = supervisor_.NextDeadline();
    if (deadline && *deadline <= clock_.Now()) Happens(Deadline{});
    switch (Pick(14)) {
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
      if (Toss(200)) Happens(Signal{SIGTERM, 1, true});
      const auto deadline = supervisor_.NextDeadline();
      if (deadline) clock_.Advance(std::max(*deadline - clock_.Now(), util::Duration::zero()));
      Happens(Deadline{});
    }
    EXPECT_TRUE(left_) << "told to stop, and never left; alive: " << processes_.size();
  }

  [[nodiscard]] bool left() const { return left_; }

 private:
  struct Process {
    std::uint32_t generation = 0;
    std::uint32_t seat = 0;
    bool told_to_leave = false;
    bool self_draining = false;
    bool killed = false;
    bool adopted = false;
    bool channel_closed = false;
    bool reaped = false;
  };

  std::uint32_t Pick(std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>(0, below - 1)(random_);
  }
  bool Toss(std::uint32_t one_in) { return Pick(one_in) == 0; }

  PlanPtr RandomPlan() {
    auto plan = std::make_shared<ipc::Plan>();
    plan->workers = 1 + Pick(4);
    plan->shutdown_timeout = util::Milliseconds(Toss(3) ? 0 : 1000 * Pick(20));
    return plan;
  }

  int RandomSignal() {
    static constexpr int kSignals[] = {SIGHUP,   SIGHUP,  SIGHUP,  SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU,
                                       SIGWINCH, SIGQUIT, SIGALRM, SIGTTIN, SIGTTOU, SIGUSR1};
    const int signal = kSignals[Pick(13)];
    return signal == SIGQUIT && !Toss(40) ? SIGHUP : signal;
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
    if (state == SlotState::kStarting) Happens(Received{slot, ipc::Ready{}, 0});
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
        Check(action);
        if (const auto* spawn = std::get_if<Spawn>(&action)) {
          if (Toss(accidents_)) {
            events.push_back(SpawnFailed{spawn->slot, "no"});
          } else {
            events.push_back(Spawned{spawn->slot, ++last_pid_});
          }
        } else if (const auto* close = std::get_if<master::CloseChannel>(&action)) {
          processes_.erase(close->slot);
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

  void Count(const Action& action) {
    tally_.spawns += std::holds_alternative<Spawn>(action) ? 1 : 0;
    tally_.kills += std::holds_alternative<Kill>(action) ? 1 : 0;
    tally_.orders += std::holds_alternative<Send>(action) ? 1 : 0;
    tally_.promotions += std::holds_alternative<Promote>(action) ? 1 : 0;
    const auto* reloaded = std::get_if<Reloaded>(&action);
    tally_.rollbacks += reloaded != nullptr && reloaded->outcome != Outcome::kOk ? 1 : 0;
  }

  void Check(const Action& action) {
    Count(action);
    EXPECT_FALSE(left_) << "nothing comes after Leave";
    if (const auto* spawn = std::get_if<Spawn>(&action)) {
      EXPECT_FALSE(stopping_) << "no spawn while stopping";
      EXPECT_FALSE(processes_.contains(spawn->slot)) << "a slot is given out again before both ends were seen";
      for (const auto& [slot, process] : processes_) {
        const bool leaves = process.told_to_leave || process.self_draining || process.killed;
        const bool fills = !leaves && !process.channel_closed && !process.reaped;
        EXPECT_FALSE(fills && process.generation == spawn->generation && process.seat == spawn->seat)
            << "two workers in one seat";
      }
      EXPECT_TRUE(open_.contains(spawn->generation)) << "a worker of a generation whose resources are closed";
      processes_[spawn->slot] = Process{.generation = spawn->generation, .seat = spawn->seat};
    } else if (const auto* adopt = std::get_if<Adopt>(&action)) {
      ASSERT_TRUE(processes_.contains(adopt->slot));
      EXPECT_LT(adopt->seat, std::max(adopt->seats, 1U));
      processes_[adopt->slot].adopted = true;
    } else if (const auto* send = std::get_if<Send>(&action)) {
      ASSERT_TRUE(processes_.contains(send->slot));
      EXPECT_TRUE(processes_[send->slot].adopted) << "it understands no message yet";
      processes_[send->slot].told_to_leave = true;
    } else if (const auto* kill = std::get_if<Kill>(&action)) {
      ASSERT_TRUE(processes_.contains(kill->slot));
      EXPECT_FALSE(processes_[kill->slot].reaped) << "its pid may be another's by now";
      processes_[kill->slot].killed = true;
    } else if (const auto* compile = std::get_if<Compile>(&action)) {
      EXPECT_FALSE(stopping_) << "no compile while stopping";
      EXPECT_TRUE(begun_.insert(compile->generation).second);
      compiling_.insert(compile->generation);
    } else if (const auto* open = std::get_if<OpenResources>(&action)) {
      EXPECT_FALSE(stopping_) << "nothing is opened while stopping";
      opening_.insert(open->generation);
      open_.insert(open->generation);
    } else if (const auto* close = std::get_if<CloseGeneration>(&action)) {
      for (const auto& [slot, process] : processes_) EXPECT_NE(process.generation, close->generation) << "in use";
      EXPECT_FALSE(closed_.contains(close->generation)) << "closed twice";
      closed_.insert(close->generation);
      opening_.erase(close->generation);
      open_.erase(close->generation);
    } else if (std::holds_alternative<ReopenLogs>(action)) {
      reopening_ = true;
    } else if (std::holds_alternative<Started>(action) || std::holds_alternative<StartFailed>(action)) {
      EXPECT_EQ(++starts_told_, 1) << "the launcher is answered once";
    } else if (std::holds_alternative<Leave>(action)) {
      EXPECT_TRUE(processes_.empty()) << "a child lives";
      EXPECT_TRUE(compiling_.empty()) << "a compiler lives";
      EXPECT_TRUE(open_.empty()) << "a generation is open";
      EXPECT_EQ(starts_told_, 1) << "the launcher waits";
      left_ = true;
    }
  }

  std::mt19937 random_;
  std::uint32_t accidents_;  // one of the accidents happens once in so many turns
  Tally tally_;
  util::ManualClock clock_;
  Supervisor supervisor_;
  std::map<std::uint32_t, Process> processes_;
  std::set<std::uint32_t> begun_, compiling_, opening_, open_, closed_;
  pid_t last_pid_ = 100;
  int starts_told_ = 0;
  bool reopening_ = false;
  bool stopping_ = false;
  bool left_ = false;
};

TEST(SupervisorRandomTest, KeepsItsInvariantsWhateverHappens) {
  World::Tally all;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    world.Begin();
    for (int step = 0; step < 1500 && !world.left() && !testing::Test::HasFailure(); ++step) world.Step();
    if (!world.left()) world.End();
    ASSERT_FALSE(testing::Test::HasFailure());
    all.promotions += world.tally().promotions;
    all.rollbacks += world.tally().rollbacks;
    all.spawns += world.tally().spawns;
    all.kills += world.tally().kills;
    all.orders += world.tally().orders;
  }
  EXPECT_GT(all.promotions, 1000);
  EXPECT_GT(all.rollbacks, 300);
  EXPECT_GT(all.spawns, 5000);
  EXPECT_GT(all.kills, 500);
  EXPECT_GT(all.orders, 3000);
}

}  // namespace
}  // namespace colmeia::master
