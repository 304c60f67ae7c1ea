#include "supervisor/fixture.h"

#include <algorithm>
#include <deque>

#include <fmt/core.h>

namespace colmeia::supervisor {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

std::string Describe(const Action& action) {
  return std::visit(
      Overloaded{
          [](const Compile& it) { return fmt::format("compile {}", it.generation); },
          [](const CancelCompile& it) { return fmt::format("cancel-compile {}", it.generation); },
          [](const OpenResources& it) { return fmt::format("open {}", it.generation); },
          [](const Promote& it) { return fmt::format("promote {}", it.generation); },
          [](const RemoveListeners& it) { return fmt::format("remove-listeners {}", it.generation); },
          [](const CloseListeners& it) { return fmt::format("close-listeners {}", it.generation); },
          [](const CloseGeneration& it) { return fmt::format("close {}", it.generation); },
          [](const Spawn& it) { return fmt::format("spawn {}: worker {} of {}", it.slot, it.seat, it.generation); },
          [](const Adopt& it) {
            return fmt::format("adopt {}: worker {} of {}, one of {}", it.slot, it.seat, it.generation, it.seats);
          },
          [](const Send& it) {
            if (const auto* drain = std::get_if<ipc::Drain>(&it.message)) {
              return fmt::format("drain {} within {} ms", it.slot, drain->deadline.count());
            }
            if (const auto* stop = std::get_if<ipc::Stop>(&it.message)) {
              return fmt::format("stop {} within {} ms", it.slot, stop->deadline.count());
            }
            return fmt::format("send {}: ?", it.slot);
          },
          [](const Kill& it) { return fmt::format("kill {} with {}", it.slot, it.signal); },
          [](const MendListeners& it) {
            return fmt::format("mend listener {} of {}: {}", it.ordinal, it.slot, it.code);
          },
          [](const CloseChannel& it) { return fmt::format("close-channel {}", it.slot); },
          [](const ReopenLogs&) { return std::string("reopen-logs"); },
          [](const Started&) { return std::string("started"); },
          [](const StartFailed& it) {
            return fmt::format("start-failed {}: {}", static_cast<int>(it.outcome), it.why);
          },
          [](const Reloaded& it) {
            return fmt::format("reloaded {}: {}{}{}", it.generation, static_cast<int>(it.outcome),
                               it.why.empty() ? "" : " ", it.why);
          },
          [](const Leave& it) { return fmt::format("leave {}", it.exit_code); },
          [](const Reply& it) {
            return fmt::format("reply {}: {}{}{}", it.id, static_cast<int>(it.outcome), it.message.empty() ? "" : " ",
                               it.message);
          },
          [](const StartUpgrade&) { return std::string("start-upgrade"); },
          [](const ForwardSignal& it) { return fmt::format("forward {}", it.number); },
          [](const AbandonUpgrade&) { return std::string("abandon-upgrade"); },
          [](const CompleteUpgrade& it) { return fmt::format("complete-upgrade {}", it.pid); },
          [](const SetState&) { return std::string(); },
          [](const Respawning&) { return std::string(); },
          [](const SetServer&) { return std::string(); },
          [](const SeatsChanged&) { return std::string(); },
          [](const Reloading&) { return std::string(); },
          [](const supervisor::Log&) { return std::string(); },
      },
      action);
}

PlanPtr SupervisorFixture::PlanOf(std::uint32_t workers, util::Milliseconds shutdown_timeout) {
  auto plan = std::make_shared<ipc::Plan>();
  plan->workers = workers;
  plan->shutdown_timeout = shutdown_timeout;
  return plan;
}

void SupervisorFixture::GivenSpawnedWorkers(std::uint32_t workers, util::Milliseconds shutdown_timeout) {
  On(Start{PlanOf(workers, shutdown_timeout)});
  On(ResourcesOpened{1});
  Forget();
}

void SupervisorFixture::GivenReadyWorkers(std::uint32_t workers, util::Milliseconds shutdown_timeout) {
  GivenSpawnedWorkers(workers, shutdown_timeout);
  for (std::uint32_t slot = 0; slot < workers; ++slot) BecomesReady(slot);
  Forget();
}

void SupervisorFixture::GivenReloadSpawned(std::uint32_t generation, std::uint32_t workers,
                                           util::Milliseconds shutdown_timeout) {
  Send(SIGHUP);
  On(Compiled{generation, PlanOf(workers, shutdown_timeout), ""});
  On(ResourcesOpened{generation});
  Forget();
}

void SupervisorFixture::On(const Event& event) {
  std::deque<Event> events{event};
  while (!events.empty()) {
    const Event next = events.front();
    events.pop_front();
    for (const Action& action : supervisor.On(next, clock.Now())) {
      actions_.push_back(action);
      const auto* spawn = std::get_if<Spawn>(&action);
      if (spawn == nullptr) continue;
      if (spawns_fail) {
        events.push_back(SpawnFailed{spawn->slot, "fork: Resource temporarily unavailable"});
      } else {
        events.push_back(Spawned{spawn->slot, ++last_pid_});
      }
    }
  }
}

void SupervisorFixture::BecomesReady(std::uint32_t slot) {
  Hello(slot);
  Ready(slot);
}

void SupervisorFixture::Dies(std::uint32_t slot, int code, int signal) {
  On(ChannelClosed{slot, ""});
  On(Exit{slot, code, signal});
}

void SupervisorFixture::Advance(util::Duration by) {
  const util::TimePoint end = clock.Now() + by;
  while (true) {
    const auto deadline = supervisor.NextDeadline();
    if (!deadline || *deadline > end) break;
    if (*deadline > clock.Now()) clock.Advance(*deadline - clock.Now());
    On(Deadline{});
    const auto next = supervisor.NextDeadline();
    ASSERT_TRUE(!next || *next > clock.Now()) << "a deadline that does not move keeps the loop spinning";
  }
  clock.Advance(end - clock.Now());
}

std::vector<std::string> SupervisorFixture::Actions() const {
  std::vector<std::string> words;
  for (const Action& action : actions_) {
    if (std::string word = Describe(action); !word.empty()) words.push_back(word);
  }
  return words;
}

std::vector<std::string> SupervisorFixture::Log() const {
  std::vector<std::string> lines;
  for (const Action& action : actions_) {
    const auto* log = std::get_if<supervisor::Log>(&action);
    if (log != nullptr) lines.push_back(fmt::format("[{}] {}", log::LevelName(log->level), log->text));
  }
  return lines;
}

std::vector<std::string> SupervisorFixture::States() const {
  std::vector<std::string> lines;
  for (const Action& action : actions_) {
    const auto* state = std::get_if<SetState>(&action);
    if (state != nullptr) lines.push_back(fmt::format("{} {}", state->slot, scoreboard::SlotStateName(state->state)));
  }
  return lines;
}

std::vector<std::string> SupervisorFixture::Server() const {
  std::vector<std::string> lines;
  for (const Action& action : actions_) {
    const auto* server = std::get_if<SetServer>(&action);
    if (server == nullptr) continue;
    lines.push_back(fmt::format("{} {}{}", scoreboard::ServerStateName(server->state), server->generation,
                                server->ending ? " ending" : ""));
  }
  return lines;
}

std::vector<std::string> SupervisorFixture::Facts() const {
  std::vector<std::string> lines;
  for (const Action& action : actions_) {
    if (const auto* seats = std::get_if<SeatsChanged>(&action)) {
      lines.push_back(fmt::format("seats {}/{} of {}", seats->seats, seats->wanted, seats->generation));
    } else if (const auto* reloading = std::get_if<Reloading>(&action)) {
      lines.push_back(fmt::format("reloading {}", reloading->generation));
    }
  }
  return lines;
}

std::size_t SupervisorFixture::Respawns() const {
  return static_cast<std::size_t>(std::count_if(actions_.begin(), actions_.end(), [](const Action& action) {
    return std::holds_alternative<Respawning>(action);
  }));
}

std::vector<std::string> SupervisorFixture::Replies() const {
  std::vector<std::string> lines;
  for (const Action& action : actions_) {
    if (std::holds_alternative<Reply>(action)) lines.push_back(Describe(action));
  }
  return lines;
}

std::size_t SupervisorFixture::CountOf(const std::string& prefix) const {
  std::size_t count = 0;
  for (const std::string& action : Actions()) count += action.starts_with(prefix) ? 1 : 0;
  return count;
}

std::uint32_t SupervisorFixture::SlotOf(std::uint32_t generation, std::uint32_t seat) const {
  const auto slot = supervisor.slots().Occupant(generation, seat);
  EXPECT_TRUE(slot.has_value()) << "nobody fills seat " << seat << " of generation " << generation;
  return slot.value_or(SlotTable::kSize - 1);
}

}  // namespace colmeia::supervisor
