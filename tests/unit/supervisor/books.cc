#include "supervisor/books.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <utility>
#include <variant>

namespace colmeia::supervisor {

Books::Tally& Books::Tally::operator+=(const Tally& other) {
  for (int Tally::*const count :
       {&Tally::promotions, &Tally::rollbacks, &Tally::spawns, &Tally::kills, &Tally::orders, &Tally::requests,
        &Tally::refused, &Tally::fulfilled, &Tally::switches, &Tally::hangs, &Tally::upgrades}) {
    this->*count += other.*count;
  }
  return *this;
}

// One function for each action that is booked.
struct Books::Noting {
  Books& books;
  const Generation* serving;

  void operator()(const Spawn& spawn) const {
    ++books.tally_.spawns;
    EXPECT_FALSE(books.stopping_) << "no spawn while stopping";
    EXPECT_FALSE(books.processes_.contains(spawn.slot)) << "a slot is given out again before both ends were seen";
    EXPECT_FALSE(books.stands_in_);
    std::map<std::uint32_t, int> fillers{{spawn.seat, 1}};
    for (const auto& [slot, process] : books.processes_) {
      if (!process.fills() || process.generation != spawn.generation) continue;
      ++fillers[process.seat];
      EXPECT_TRUE(process.seat != spawn.seat || process.ready) << "two workers in one seat, and none serves";
    }
    EXPECT_LE(fillers[spawn.seat], 2) << "three workers in one seat";
    const auto pairs = std::count_if(fillers.begin(), fillers.end(), [](const auto& seat) { return seat.second > 1; });
    EXPECT_LE(pairs, 1) << "two are replaced at once";
    EXPECT_TRUE(books.open_.contains(spawn.generation)) << "a worker of a generation whose resources are closed";
    books.processes_[spawn.slot] = Process{.generation = spawn.generation, .seat = spawn.seat};
  }

  void operator()(const Adopt& adopt) const {
    ASSERT_TRUE(books.processes_.contains(adopt.slot));
    EXPECT_LT(adopt.seat, std::max(adopt.seats, 1U));
    books.processes_[adopt.slot].adopted = true;
  }

  void operator()(const Send& send) const {
    ++books.tally_.orders;
    ASSERT_TRUE(books.processes_.contains(send.slot));
    Process& process = books.processes_[send.slot];
    EXPECT_TRUE(process.adopted) << "it understands no message yet";
    process.told_to_leave = true;
    books.CheckSuccession(process, send.slot, serving);
  }

  void operator()(const Kill& kill) const {
    ++books.tally_.kills;
    books.tally_.hangs += kill.signal == SIGABRT ? 1 : 0;
    ASSERT_TRUE(books.processes_.contains(kill.slot));
    EXPECT_FALSE(books.processes_[kill.slot].reaped) << "its pid may be another's by now";
    books.processes_[kill.slot].killed = true;
  }

  void operator()(const Compile& compile) const {
    EXPECT_FALSE(books.stopping_) << "no compile while stopping";
    EXPECT_TRUE(books.begun_.insert(compile.generation).second);
    books.compiling_.insert(compile.generation);
  }

  void operator()(const OpenResources& open) const {
    EXPECT_FALSE(books.stopping_) << "nothing is opened while stopping";
    books.opening_.insert(open.generation);
    books.open_.insert(open.generation);
  }

  void operator()(const Promote&) const { ++books.tally_.promotions; }

  void operator()(const Reloaded& reloaded) const {
    books.tally_.rollbacks += reloaded.outcome != RequestOutcome::kOk ? 1 : 0;
  }

  void operator()(const CloseGeneration& close) const {
    for (const auto& [slot, process] : books.processes_) EXPECT_NE(process.generation, close.generation) << "in use";
    EXPECT_TRUE(books.closed_.insert(close.generation).second) << "closed twice";
    books.opening_.erase(close.generation);
    books.open_.erase(close.generation);
  }

  void operator()(const ReopenLogs&) const { books.reopening_ = true; }
  void operator()(const Started&) const { LauncherAnswered(); }
  void operator()(const StartFailed&) const { LauncherAnswered(); }
  void LauncherAnswered() const { EXPECT_EQ(++books.starts_told_, 1) << "the launcher is answered once"; }

  void operator()(const Reply& reply) const {
    EXPECT_EQ(books.asked_.erase(reply.id), 1U) << "answered twice, or nobody asked: " << reply.id;
    EXPECT_FALSE(reply.message.empty());
    books.tally_.fulfilled += reply.outcome == RequestOutcome::kOk ? 1 : 0;
  }

  void operator()(const SeatsChanged& seats) const {
    ASSERT_NE(serving, nullptr);
    EXPECT_EQ(seats.generation, serving->number);
    EXPECT_GT(seats.seats, 0U);
    EXPECT_LE(seats.seats, seats.wanted);
  }

  void operator()(const StartUpgrade&) const {
    EXPECT_EQ(books.upgrade_, NewBinary::kNone) << "two new binaries";
    EXPECT_FALSE(books.stopping_);
    books.upgrade_ = NewBinary::kSpawning;
    books.put_aside_ = true;
  }

  void operator()(const ForwardSignal& forward) const {
    EXPECT_EQ(books.upgrade_, NewBinary::kLives) << "its pid may be another's by now";
    books.upgrade_killed_ = books.upgrade_killed_ || forward.number == SIGKILL;
  }

  void operator()(const AbandonUpgrade&) const {
    EXPECT_EQ(books.upgrade_, NewBinary::kNone) << "it lives";
    EXPECT_TRUE(std::exchange(books.put_aside_, false)) << "nothing was put aside";
  }

  void operator()(const CompleteUpgrade&) const {
    ++books.tally_.upgrades;
    EXPECT_EQ(books.upgrade_, NewBinary::kLives);
    EXPECT_TRUE(books.processes_.empty()) << "a worker of ours lives";
    EXPECT_TRUE(std::exchange(books.put_aside_, false));
    books.stands_in_ = true;
  }

  void operator()(const Leave&) const {
    EXPECT_TRUE(books.asked_.empty()) << "somebody was not answered";
    EXPECT_FALSE(books.put_aside_) << "the files of an upgrade stay behind";
    EXPECT_TRUE(books.processes_.empty()) << "a child lives";
    EXPECT_TRUE(books.compiling_.empty()) << "a compiler lives";
    EXPECT_TRUE(books.open_.empty()) << "a generation is open";
    EXPECT_EQ(books.starts_told_, 1) << "the launcher waits";
    books.left_ = true;
  }

  // Of the others there is nothing to be said.
  template <class Other>
  void operator()(const Other&) const {}
};

void Books::Note(const Action& action, const Generation* serving) {
  EXPECT_FALSE(left_) << "nothing comes after Leave";
  std::visit(Noting{*this, serving}, action);
}

// A worker is told to leave: where it was replaced while serving, the next one is ready.
void Books::CheckSuccession(const Process& old, std::uint32_t slot, const Generation* serving) {
  if (stopping_ || serving == nullptr || serving->stage != Stage::kServing || old.generation != serving->number) return;
  if (old.seat >= serving->seats.size() || old.self_draining) return;
  const bool ready = std::any_of(processes_.begin(), processes_.end(), [&](const auto& entry) {
    const auto& [other, process] = entry;
    return other != slot && process.generation == old.generation && process.seat == old.seat && process.fills() &&
           process.ready;
  });
  EXPECT_TRUE(ready) << "a seat of a rolling restart is empty";
  tally_.switches += ready ? 1 : 0;
}

}  // namespace colmeia::supervisor
