#include "master/status.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "ipc/codec.h"
#include "ipc/plan.h"
#include "master/process_report.h"
#include "scoreboard/layout.h"
#include "scoreboard/silence.h"
#include "sys/memfd.h"

namespace colmeia::master {
namespace {

using scoreboard::Gauge;
using scoreboard::Total;

constexpr std::string_view StageName(supervisor::Stage stage) {
  switch (stage) {
    case supervisor::Stage::kCompiling:
      return "compiling";
    case supervisor::Stage::kOpening:
      return "opening";
    case supervisor::Stage::kStarting:
      return "starting";
    case supervisor::Stage::kServing:
      return "serving";
    case supervisor::Stage::kResting:
      return "resting";
    case supervisor::Stage::kRetiring:
      return "draining";
  }
  return "?";
}

// "2026-11-23T12:45:54Z"; empty for 0.
std::string TimeText(std::uint64_t wall_ms) {
  if (wall_ms == 0) return {};
  const auto seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

// Milliseconds from a stamp of CLOCK_MONOTONIC, which std::chrono::steady_clock is. The loop's clock may lag behind a
// fresh stamp.
std::uint64_t Since(std::uint64_t stamp_ns, util::TimePoint now) {
  const auto now_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(now.time_since_epoch()).count());
  return now_ns > stamp_ns ? (now_ns - stamp_ns) / 1'000'000 : 0;
}

std::optional<std::uint64_t> Until(const std::optional<util::TimePoint>& deadline, util::TimePoint now) {
  if (!deadline) return std::nullopt;
  const auto left = std::chrono::ceil<util::Milliseconds>(*deadline - now).count();
  return left > 0 ? static_cast<std::uint64_t>(left) : 0;
}

control::Counts CountsOf(const scoreboard::Counts& counts) {
  return {.connections = counts[Gauge::kConnections],
          .reading = counts[Gauge::kReading],
          .writing = counts[Gauge::kWriting],
          .waiting = counts[Gauge::kWaiting],
          .accepts = counts[Total::kAccepts],
          .handled = counts[Total::kHandled],
          .requests = counts[Total::kRequests],
          .bytes_in = counts[Total::kBytesIn],
          .bytes_out = counts[Total::kBytesOut],
          .responses = {.s1xx = counts[Total::kResponses1xx],
                        .s2xx = counts[Total::kResponses2xx],
                        .s3xx = counts[Total::kResponses3xx],
                        .s4xx = counts[Total::kResponses4xx],
                        .s5xx = counts[Total::kResponses5xx]},
          .wasted_accepts = counts[Total::kWastedAccepts],
          .loop_turns = counts[Total::kLoopTurns],
          .connections_full = counts[Total::kConnectionsFull],
          .descriptors_out = counts[Total::kDescriptorsOut],
          .log_lines_lost = counts[Total::kLogLinesLost],
          .gzip_cache_hits = counts[Total::kGzipCacheHits],
          .gzip_cache_misses = counts[Total::kGzipCacheMisses],
          .lag = {.last_ns = counts[Gauge::kLagLastNs], .longest_ns = counts[Gauge::kLagMaxNs]}};
}

// The state is the supervisor's; what the worker wrote is for looking.
scoreboard::Pulse PulseIn(const supervisor::Slot& slot, scoreboard::SlotView view, util::TimePoint now) {
  view.state = slot.state;
  return scoreboard::PulseOf(view,
                             static_cast<std::uint64_t>(std::chrono::nanoseconds(now.time_since_epoch()).count()));
}

control::WorkerStatus WorkerOf(std::uint32_t index, const supervisor::Slot& slot, const scoreboard::SlotView& view,
                               util::TimePoint now) {
  control::WorkerStatus out;
  out.slot = index;
  out.seat = slot.seat;
  out.generation = slot.generation;
  out.pid = static_cast<std::uint64_t>(slot.pid);
  const scoreboard::Pulse pulse = PulseIn(slot, view, now);
  out.state = scoreboard::StateWord(slot.state, pulse);
  out.deadline_ms = Until(slot.deadline, now);
  out.reason = slot.why;
  if (view.state == supervisor::SlotState::kEmpty) return out;  // there is no process yet
  out.cpu_ns = ProcessorTime(slot.pid).value_or(0);
  out.memory_bytes = ResidentMemory(slot.pid).value_or(0);
  out.started = TimeText(view.started_wall_ms);
  out.uptime_ms = Since(view.started_ns, now);
  if (view.heartbeat_ns != 0) out.heartbeat_age_ms = Since(view.heartbeat_ns, now);
  if (pulse.silent_ns) out.silent_ms = *pulse.silent_ns / 1'000'000;
  out.counts = CountsOf(view.counts);
  out.counts.lag.last_ns = std::max(out.counts.lag.last_ns, pulse.turn_ns);
  out.counts.lag.longest_ns = std::max(out.counts.lag.longest_ns, pulse.turn_ns);
  return out;
}

// `workers` are all living ones.
control::GenerationStatus GenerationOf(const supervisor::Generation& generation,
                                       const std::vector<control::WorkerStatus>& workers,
                                       const supervisor::SlotTable& slots) {
  control::GenerationStatus out;
  out.number = generation.number;
  out.state = generation.rejected ? "rejected" : StageName(generation.stage);
  out.workers = generation.wants_workers() ? generation.seats.size() : 0;
  bool unlimited = false;
  for (const control::WorkerStatus& worker : workers) {
    if (worker.generation != generation.number) continue;
    const supervisor::Slot& slot = slots[static_cast<std::uint32_t>(worker.slot)];
    ++out.living;
    if (slot.state == supervisor::SlotState::kReady) ++out.ready;
    out.connections = scoreboard::SumOf(out.connections, worker.counts.connections);
    out.age_ms = std::max(out.age_ms.value_or(0), worker.uptime_ms);
    if (slot.order == supervisor::SlotOrder::kNone) continue;
    unlimited = unlimited || !worker.deadline_ms;
    if (worker.deadline_ms) out.deadline_ms = std::max(out.deadline_ms.value_or(0), *worker.deadline_ms);
  }
  if (unlimited) out.deadline_ms.reset();
  return out;
}

std::vector<control::ListenerStatus> ListenersOf(const supervisor::Supervisor& supervisor,
                                                 const resources::Resources& resources) {
  std::vector<control::ListenerStatus> out;
  std::map<const resources::OpenListener*, std::size_t> known;  // place in `out`
  for (const supervisor::Generation& generation : supervisor.generations()) {
    const resources::OpenGeneration* const open = resources.Find(generation.number);
    if (open == nullptr) continue;
    for (const auto& listener : open->listeners) {
      const auto [at, fresh] = known.emplace(listener.get(), out.size());
      if (fresh) {
        out.push_back({.address = listener->name(),
                       .sockets = listener->sockets().size(),
                       .reuseport = listener->reuseport(),
                       .name_lost = listener->HasLostItsName(),
                       .mended = listener->mended(),
                       .first_generation = generation.number,
                       .last_generation = generation.number});
      }
      out[at->second].last_generation = generation.number;
    }
  }
  return out;
}

// Of the newest generation that has it the rate counts.
std::vector<control::ZoneStatus> ZonesOf(const supervisor::Supervisor& supervisor,
                                         const resources::Resources& resources, util::TimePoint now) {
  std::vector<std::pair<const resources::OpenZone*, std::uint64_t>> zones;  // with their rates
  for (const supervisor::Generation& generation : supervisor.generations()) {
    const resources::OpenGeneration* const open = resources.Find(generation.number);
    if (open == nullptr) continue;
    for (std::size_t i = 0; i < open->zones.size(); ++i) {
      const resources::OpenZone* const zone = open->zones[i].get();
      const auto known =
          std::find_if(zones.begin(), zones.end(), [zone](const auto& other) { return other.first == zone; });
      const std::uint64_t rate = open->plan->zones[i].rate;
      if (known == zones.end()) {
        zones.emplace_back(zone, rate);
      } else {
        known->second = rate;
      }
    }
  }
  const auto now_ms = std::chrono::duration_cast<util::Milliseconds>(now.time_since_epoch()).count();
  std::vector<control::ZoneStatus> out;
  for (const auto& [zone, rate] : zones) {
    control::ZoneStatus& one = out.emplace_back();
    one.name = zone->planned.name;
    one.kind = zone::KindName(zone->planned.kind);
    one.size_bytes = zone->planned.size;
    const auto seen = zone->Look(rate, static_cast<std::uint64_t>(now_ms));
    if (!seen) continue;  // the kernel has no address for it just now
    one.slots = seen->slots;
    one.living = seen->living;
    one.refused = seen->refused;
  }
  return out;
}

// "on", and what of it is not enforced.
std::string SandboxText(const ipc::Plan& plan) {
  const std::string_view name = ipc::SandboxName(static_cast<ipc::Sandbox>(plan.identity.sandbox));
  return plan.sandbox_gap.empty() ? std::string(name) : fmt::format("{}, in part: {}", name, plan.sandbox_gap);
}

std::uint64_t Ago(const Moment& moment, util::TimePoint now) {
  const auto ago = std::chrono::duration_cast<util::Milliseconds>(now - moment.at).count();
  return ago > 0 ? static_cast<std::uint64_t>(ago) : 0;
}

void AddHistory(const History& history, const scoreboard::ServerView& view, util::TimePoint now,
                control::ServerStatus& out) {
  out.reloads = view.reloads_succeeded;
  out.failed_reloads = view.reloads_failed;
  out.last_reload_failed = view.last_reload && !view.last_reload->succeeded;
  out.respawns = view.respawns;
  if (const auto& succeeded = history.succeeded_reload) {
    out.succeeded_reload = {.generation = succeeded->generation,
                            .at = TimeText(succeeded->when.wall_ms),
                            .ago_ms = Ago(succeeded->when, now)};
  }
  if (const auto& failed = history.failed_reload) {
    out.failed_reload = {.generation = failed->generation,
                         .at = TimeText(failed->when.wall_ms),
                         .ago_ms = Ago(failed->when, now),
                         .why = failed->why};
  }
  if (const auto& last = history.respawn) {
    out.last_respawn = {.pid = static_cast<std::uint64_t>(last->pid),
                        .seat = last->seat,
                        .generation = last->generation,
                        .at = TimeText(last->when.wall_ms),
                        .ago_ms = Ago(last->when, now),
                        .why = last->why};
  }
}

// `workers` are all that live.
control::ServerStatus ServerOf(const supervisor::Supervisor& supervisor, const History& history,
                               const scoreboard::ServerView& view, const std::vector<control::WorkerStatus>& workers,
                               util::TimePoint now) {
  control::ServerStatus out;
  AddHistory(history, view, now, out);
  out.version = COLMEIA_VERSION;
  out.pid = static_cast<std::uint64_t>(getpid());
  out.state = scoreboard::ServerStateName(supervisor.server_state());
  out.degraded = supervisor.degraded();
  out.started = TimeText(view.started_wall_ms);
  out.uptime_ms = Since(view.started_ns, now);
  out.cpu_ns = ProcessorTime(getpid()).value_or(0);
  out.memory_bytes = ResidentMemory(getpid()).value_or(0);
  const supervisor::Generation* const current = supervisor.current();
  if (current == nullptr) return out;
  out.generation = current->number;
  out.workers_wanted = current->wants_workers() ? current->seats.size() : 0;
  const supervisor::SlotTable& slots = supervisor.slots();
  for (const control::WorkerStatus& worker : workers) {
    const supervisor::Slot& slot = slots[static_cast<std::uint32_t>(worker.slot)];
    if (worker.silent_ms) {
      ++out.workers_silent;
    } else if (slot.state == supervisor::SlotState::kReady && slot.seated && slot.generation == current->number) {
      ++out.workers_ready;
    }
  }
  if (current->plan == nullptr) return out;
  out.accept_by = ipc::AcceptByName(current->plan->accept_by);
  out.sandbox = SandboxText(*current->plan);
  out.configuration = current->plan->conf_path;
  out.pid_file = current->plan->pid_path;
  return out;
}

}  // namespace

control::Status CollectStatus(const supervisor::Supervisor& supervisor, const History& history,
                              const scoreboard::Board& board, const resources::Resources& resources,
                              util::TimePoint now) {
  control::Status out;
  const supervisor::SlotTable& slots = supervisor.slots();
  for (std::uint32_t index = 0; index < slots.used(); ++index) {
    if (slots.Lives(index)) out.workers.push_back(WorkerOf(index, slots[index], board.Read(index), now));
  }
  out.server = ServerOf(supervisor, history, board.Server(), out.workers, now);
  for (const supervisor::Generation& generation : supervisor.generations()) {
    out.generations.push_back(GenerationOf(generation, out.workers, slots));
  }
  out.listeners = ListenersOf(supervisor, resources);
  out.zones = ZonesOf(supervisor, resources, now);
  out.totals = CountsOf(board.Sum());
  for (const control::WorkerStatus& worker : out.workers) {
    control::Counts::Lag& lag = out.totals.lag;
    lag.last_ns = std::max(lag.last_ns, worker.counts.lag.last_ns);
    lag.longest_ns = std::max(lag.longest_ns, worker.counts.lag.longest_ns);
  }
  return out;
}

Result<control::Configuration> CollectConfiguration(std::uint32_t generation, int text) {
  const auto size = sys::SizeOf(text);
  if (!size) return tl::unexpected(size.error());
  if (*size > control::Configuration::kMostBytes) {
    return Fail(fmt::format("the configuration has {} bytes, and no more than {} are handed out here", *size,
                            control::Configuration::kMostBytes));
  }
  const auto encoded = sys::ReadMemfd(text);
  if (!encoded) return tl::unexpected(encoded.error());
  ipc::ConfigText config;
  if (!ipc::Decode(*encoded, config)) return Fail("the text of the running configuration is damaged");
  return control::MakeConfiguration(generation, std::move(config.source));
}

}  // namespace colmeia::master
