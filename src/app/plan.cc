#include "app/plan.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <fmt/core.h>

#include "app/site_advice.h"
#include "pipeline/client_body.h"
#include "process/sandbox.h"
#include "site/core_settings.h"
#include "site/events.h"
#include "site/process.h"
#include "sys/cpu.h"
#include "sys/privileges.h"
#include "sys/users.h"

namespace colmeia::app {
namespace {

using site::ProcessSettings;

// "0101" is CPUs 0 and 2.
std::vector<std::uint32_t> CpusOfMask(std::string_view mask) {
  std::vector<std::uint32_t> cpus;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[mask.size() - 1 - i] == '1') cpus.push_back(static_cast<std::uint32_t>(i));
  }
  return cpus;
}

std::vector<std::vector<std::uint32_t>> AffinityOf(const ProcessSettings& process, std::uint32_t workers) {
  std::vector<std::vector<std::uint32_t>> seats;
  const ProcessSettings::Affinity& affinity = process.affinity;
  if (!affinity.automatic) {
    for (const std::string& mask : affinity.masks) seats.push_back(CpusOfMask(mask));
    return seats;
  }
  std::vector<std::uint32_t> cpus;
  for (const unsigned cpu : sys::EffectiveCpuSet()) cpus.push_back(cpu);
  if (!affinity.masks.empty()) {
    const std::vector<std::uint32_t> allowed = CpusOfMask(affinity.masks.front());
    std::erase_if(cpus,
                  [&](std::uint32_t cpu) { return std::find(allowed.begin(), allowed.end(), cpu) == allowed.end(); });
  }
  for (std::uint32_t seat = 0; seat < workers && !cpus.empty(); ++seat) seats.push_back({cpus[seat % cpus.size()]});
  return seats;
}

ipc::Identity IdentityOf(const ProcessSettings& process, std::uint32_t workers, const config::Source& source,
                         config::Diagnostics& diagnostics) {
  ipc::Identity identity;
  if (geteuid() == 0) {
    auto user = sys::LookUpUser(process.user, process.group);
    if (!user) {
      const bool given = process.user_place.length > 0;
      diagnostics.Error(given ? source.Locate(process.user_place) : config::Place{}, user.error().message);
    } else {
      identity.change_user = true;
      identity.uid = user->uid;
      identity.gid = user->gid;
      identity.groups.assign(user->groups.begin(), user->groups.end());
      identity.user = user->name;
    }
  }
  identity.priority = process.priority;
  identity.rlimit_nofile = process.rlimit_nofile;
  identity.affinity = AffinityOf(process, workers);
  identity.working_directory = process.working_directory;
  return identity;
}

// All that a worker's environment holds: what `env` names, the time zone, which stream is the journal's, and what
// sanitizers and coverage need.
std::vector<std::string> EnvironmentOf(const ProcessSettings& process) {
  static constexpr const char* kAlways[] = {
      "TZ",           "JOURNAL_STREAM", "ASAN_OPTIONS",      "UBSAN_OPTIONS",    "LSAN_OPTIONS",
      "TSAN_OPTIONS", "GCOV_PREFIX",    "GCOV_PREFIX_STRIP", "LLVM_PROFILE_FILE"};
  std::vector<std::string> out;
  const auto add = [&](const std::string& name, const std::string& value) {
    std::erase_if(out, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    out.push_back(name + "=" + value);
  };
  for (const char* name : kAlways) {
    if (const char* const value = std::getenv(name)) add(name, value);
  }
  for (const std::string& entry : process.environment) {
    const std::size_t equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    if (equals != std::string::npos) {
      add(name, entry.substr(equals + 1));
    } else if (const char* const value = std::getenv(name.c_str())) {
      add(name, value);
    }
  }
  return out;
}

void CollectRoots(const site::Location& location, std::vector<std::string>& roots) {
  roots.emplace_back(FixedPart(location.settings.Get<site::CoreSettings>().root.text()));
  for (const auto& child : location.children) CollectRoots(*child, roots);
}

// What workers may read under `sandbox strict`: the document roots, and what the C library knows of the time zone.
std::vector<std::string> ReadableBy(const site::Site& site, config::Diagnostics& diagnostics) {
  std::vector<std::string> readable = {"/etc/localtime", "/usr/share/zoneinfo"};
  for (const auto& server : site.servers) {
    CollectRoots(*server->self, readable);
    for (const auto& location : server->locations) CollectRoots(*location, readable);
  }
  std::sort(readable.begin(), readable.end());
  readable.erase(std::unique(readable.begin(), readable.end()), readable.end());
  if (readable.front().empty()) {
    diagnostics.Error(
        {},
        "\"sandbox strict\" lets workers read the document roots only, and a \"root\" or \"alias\" begins "
        "with a variable: begin it with a folder, or say \"sandbox on\"");
  }
  return readable;
}

bool ResetsConnections(const site::Location& location) {
  return location.settings.Get<site::CoreSettings>().reset_timedout_connection ||
         std::any_of(location.children.begin(), location.children.end(),
                     [](const auto& child) { return ResetsConnections(*child); });
}

bool ResetsConnections(const site::Site& site) {
  return std::any_of(site.servers.begin(), site.servers.end(), [](const auto& server) {
    return ResetsConnections(*server->self) ||
           std::any_of(server->locations.begin(), server->locations.end(),
                       [](const auto& location) { return ResetsConnections(*location); });
  });
}

void CollectTempFolders(const site::Location& location, std::vector<std::string>& folders) {
  if (pipeline::MayCollectBody(location.settings)) {
    const auto& body = location.settings.Get<pipeline::ClientBodySettings>();
    if (std::find(folders.begin(), folders.end(), body.temp_path.path) == folders.end()) {
      folders.push_back(body.temp_path.path);
    }
  }
  for (const auto& child : location.children) CollectTempFolders(*child, folders);
}

// Where workers may have to put what is too much for memory.
std::vector<std::string> TempFoldersOf(const site::Site& site) {
  std::vector<std::string> folders;
  for (const auto& server : site.servers) {
    CollectTempFolders(*server->self, folders);
    for (const auto& location : server->locations) CollectTempFolders(*location, folders);
  }
  return folders;
}

// The sandbox that was asked for, as far as this kernel has it; what it lacks is said once, here.
void PlanSandbox(const ProcessSettings& process, const site::Site& site, ipc::Plan& plan,
                 config::Diagnostics& diagnostics) {
  plan.identity.sandbox = static_cast<std::uint8_t>(process.sandbox);
  plan.identity.resets_connections = ResetsConnections(site);
  if (process.sandbox == ipc::Sandbox::kStrict) plan.identity.readable = ReadableBy(site, diagnostics);
  const process::SandboxSupport support = process::ProbeSandbox();
  plan.sandbox_gap = process::SandboxGap(process.sandbox, support);
  if (plan.sandbox_gap.empty()) return;
  if (process.sandbox == ipc::Sandbox::kStrict && support.landlock == 0) {
    diagnostics.Error(fmt::format("\"sandbox strict\" cannot be kept: {}", plan.sandbox_gap));
  } else {
    diagnostics.Warn({}, plan.sandbox_gap);
  }
}

// As nginx says it. A worker without a limit of its own has this process's.
void CheckConnections(const site::EventsSettings& events, const ProcessSettings& process, const config::Source& source,
                      config::Diagnostics& diagnostics) {
  const std::uint64_t inherited = sys::OpenFileLimit();
  const std::uint64_t own = process.rlimit_nofile;
  if (events.worker_connections <= inherited || (own != 0 && events.worker_connections <= own)) return;
  const bool given = events.worker_connections_place.length > 0;
  diagnostics.Warn(given ? source.Locate(events.worker_connections_place) : config::Place{},
                   fmt::format("{} worker_connections exceed open file resource limit: {}", events.worker_connections,
                               own != 0 ? own : inherited));
}

// How `worker_processes auto` came to its number.
std::string WhyAuto() {
  const std::size_t affinity = sys::EffectiveCpuSet().size();
  const std::optional<double> quota = sys::CgroupQuota();
  return fmt::format("auto: {} {} in the affinity mask, {}", affinity, affinity == 1 ? "CPU" : "CPUs",
                     quota ? fmt::format("a quota of {:.2g} CPUs", *quota) : "no quota");
}

}  // namespace

ipc::Plan MakePlan(const site::Site& site, const config::Source& source, config::Diagnostics& diagnostics) {
  const auto& process = site.main.Get<ProcessSettings>();
  const auto& events = site.main.Get<site::EventsSettings>();
  ipc::Plan plan;
  plan.workers = process.workers.value_or(sys::UsableCpus());
  if (!process.workers) plan.workers_why = WhyAuto();
  plan.identity = IdentityOf(process, plan.workers, source, diagnostics);
  plan.identity.writable = TempFoldersOf(site);
  PlanSandbox(process, site, plan, diagnostics);
  CheckConnections(events, process, source, diagnostics);
  for (const site::ListenSocket& listener : site.listeners) {
    plan.listeners.push_back({.name = listener.name,
                              .address = std::string(listener.address.bytes()),
                              .backlog = listener.backlog,
                              .reuseport = listener.reuseport || events.accept_by == ipc::AcceptBy::kReuseport,
                              .ipv6only = listener.ipv6only,
                              .tuning = listener.tuning,
                              .where = listener.where});
  }
  for (const site::LogFile& log : site.logs) plan.logs.push_back({log.path, log.where});
  for (const site::ErrorLogTarget& target : site.error_logs.front()) {
    plan.error_logs.push_back({target.log, static_cast<std::uint8_t>(target.level)});
  }
  for (const site::Zone& zone : site.zones) {
    plan.zones.push_back({.name = zone.name,
                          .kind = zone.kind,
                          .size = zone.size,
                          .key = zone.key,
                          .rate = zone.rate,
                          .where = zone.where});
  }
  plan.daemon = process.daemon;
  plan.master_process = process.master_process;
  plan.pid_path = process.pid;
  plan.control_path = process.control;
  plan.prefix = source.prefix;
  plan.conf_path = source.conf_path;
  plan.environment = EnvironmentOf(process);
  plan.shutdown_timeout = process.shutdown_timeout;
  plan.start_timeout = process.start_timeout;
  plan.watchdog = process.watchdog;
  plan.max_requests = process.max_requests;
  plan.max_memory = process.max_memory;
  plan.max_generations = process.max_generations;
  plan.worker_connections = events.worker_connections;
  plan.accept_by = events.accept_by;
  if (geteuid() != 0 && process.user_place.length > 0) {
    diagnostics.Warn(
        source.Locate(process.user_place),
        "the \"user\" directive makes sense only if the master process runs with super-user privileges, ignored");
  }
  plan.warnings = diagnostics.Render();
  return plan;
}

}  // namespace colmeia::app
