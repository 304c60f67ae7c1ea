#include "modules/process.h"

#include "config/setters.h"
#include "util/strings.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::In;
using Settings = ProcessSettings;

struct Draft {
  std::optional<std::pair<std::string, std::string>> user;
  std::string user_place;
  std::optional<bool> daemon;
  std::optional<bool> master_process;
  std::optional<std::string> pid;
  std::optional<std::optional<std::uint32_t>> workers;
  std::optional<std::uint64_t> rlimit_nofile;
  std::optional<int> priority;
  std::optional<Settings::Affinity> affinity;
  std::optional<util::Milliseconds> shutdown_timeout;
  std::optional<util::Milliseconds> start_timeout;
  std::optional<std::string> working_directory;
  std::vector<std::string> environment;
};

void SetUser(Draft& draft, const Call& call) {
  if (draft.user) return call.Duplicate();
  draft.user.emplace(call.arg(0), call.args().size() > 1 ? call.arg(1) : std::string());
  draft.user_place = call.place().ToString();
}

void SetWorkers(Draft& draft, const Call& call) {
  static constexpr std::int64_t kMost = 512;  // half of the slots, so that a reload has room
  if (draft.workers) return call.Duplicate();
  if (call.arg(0) == "auto") {
    draft.workers.emplace(std::nullopt);
  } else if (const auto number = config::ReadNumber(call, call.args()[0], 1, kMost)) {
    draft.workers.emplace(static_cast<std::uint32_t>(*number));
  }
}

void SetPriority(Draft& draft, const Call& call) {
  if (draft.priority) return call.Duplicate();
  // A nice value may be negative, which no other number of the configuration may.
  const std::string& text = call.arg(0);
  const bool negative = text.starts_with('-');
  const auto number = util::ParseNumber<int>(std::string_view(text).substr(negative ? 1 : 0));
  if (!number || *number > 20) return call.InvalidValue(call.args()[0], "expected a nice value from -20 to 19");
  draft.priority = negative ? -*number : *number;
}

void SetAffinity(Draft& draft, const Call& call) {
  if (draft.affinity) return call.Duplicate();
  Settings::Affinity affinity;
  for (const config::Word& word : call.args()) {
    if (word.text == "auto" && &word == &call.args()[0]) {
      affinity.automatic = true;
      continue;
    }
    const bool mask = !word.text.empty() && word.text.find_first_not_of("01") == std::string::npos;
    if (!mask) return call.InvalidValue(word, "expected auto or a mask of 0 and 1, the rightmost digit being CPU 0");
    affinity.masks.push_back(word.text);
  }
  if (affinity.automatic && affinity.masks.size() > 1) return call.WrongArguments();
  draft.affinity = std::move(affinity);
}

void AddEnv(Draft& draft, const Call& call) { draft.environment.push_back(call.arg(0)); }

using D = Draft;
constexpr config::Directive kDirectives[] = {
    {.name = "user",
     .contexts = In::kMain,
     .arity = Args(1, 2),
     .setter = config::Set<&SetUser>,
     .syntax = "user [group]",
     .default_value = "nobody",
     .doc = "Who workers become when the master runs as root."},
    {.name = "daemon",
     .contexts = In::kMain,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::daemon>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Go to the background once all workers serve."},
    {.name = "master_process",
     .contexts = In::kMain,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::master_process>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Off: one process serves alone, for debugging."},
    {.name = "pid",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetString<&D::pid>,
     .syntax = "file",
     .default_value = "logs/colmeia.pid",
     .doc = "The file that names the master's process, locked while it runs."},
    {.name = "worker_processes",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::Set<&SetWorkers>,
     .syntax = "number | auto",
     .default_value = "auto",
     .doc = "How many workers serve; auto is one for each CPU that affinity and the cgroup's quota leave us."},
    {.name = "worker_rlimit_nofile",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetNumber<&D::rlimit_nofile, 16>,
     .syntax = "number",
     .default_value = "",
     .doc = "How many descriptors a worker may open."},
    {.name = "worker_priority",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::Set<&SetPriority>,
     .syntax = "number",
     .default_value = "0",
     .doc = "The nice value of workers, -20 to 19; below 0 needs root."},
    {.name = "worker_cpu_affinity",
     .contexts = In::kMain,
     .arity = config::AtLeast(1),
     .setter = config::Set<&SetAffinity>,
     .syntax = "mask ... | auto [mask]",
     .default_value = "",
     .doc = "Which CPUs each worker may use: a mask per worker, or one CPU each."},
    {.name = "worker_shutdown_timeout",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetTime<&D::shutdown_timeout>,
     .syntax = "time",
     .default_value = "",
     .doc = "How long a leaving worker may finish what is open; without it, as long as that takes."},
    {.name = "worker_start_timeout",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetTime<&D::start_timeout>,
     .syntax = "time",
     .default_value = "10s",
     .doc = "How long a worker may take until it serves.",
     .own = true},
    {.name = "working_directory",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetString<&D::working_directory>,
     .syntax = "directory",
     .default_value = "",
     .doc = "Where workers stand, and so where their core files go."},
    {.name = "env",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::Set<&AddEnv>,
     .syntax = "variable[=value]",
     .default_value = "TZ",
     .doc = "An environment variable that workers keep; all others are taken away."},
    {.name = "pcre_jit",
     .contexts = In::kMain,
     .arity = config::Flag,
     .setter = config::SetNothing,
     .syntax = "on | off",
     .default_value = "",
     .doc = "Accepted, without effect: regular expressions are always compiled."},
};

Settings Merge(const Settings& outer, const Draft& own, pipeline::MergeContext& context) {
  Settings out = outer;
  if (own.user) {
    out.user = own.user->first;
    out.group = own.user->second;
    out.user_place = own.user_place;
    out.user_given = true;
  }
  out.daemon = own.daemon.value_or(outer.daemon);
  out.master_process = own.master_process.value_or(outer.master_process);
  out.pid = context.FromPrefix(own.pid.value_or("logs/colmeia.pid"));
  if (own.workers) out.workers = *own.workers;
  out.rlimit_nofile = own.rlimit_nofile.value_or(outer.rlimit_nofile);
  out.priority = own.priority.value_or(outer.priority);
  out.affinity = own.affinity.value_or(outer.affinity);
  out.shutdown_timeout = own.shutdown_timeout.value_or(outer.shutdown_timeout);
  out.start_timeout = own.start_timeout.value_or(outer.start_timeout);
  if (own.working_directory) out.working_directory = *own.working_directory;
  out.environment = own.environment;
  return out;
}

}  // namespace

const pipeline::Module kProcess = pipeline::DefineModule<Settings, Draft, Merge>("process", kDirectives);

}  // namespace colmeia::modules
