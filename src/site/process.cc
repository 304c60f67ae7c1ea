#include "site/process.h"

#include <algorithm>
#include <string_view>

#include "config/default_paths.h"
#include "config/setters.h"
#include "util/strings.h"

namespace colmeia::site {
namespace {

using config::Args;
using config::AtLeast;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using site::MergeContext;

struct ProcessDraft {
  std::optional<std::vector<std::string>> user;
  config::Span user_place;
  std::optional<bool> daemon;
  std::optional<bool> master_process;
  std::optional<std::string> pid;
  std::optional<std::string> control;
  std::optional<std::uint32_t> workers;
  bool workers_given = false;
  std::optional<std::uint64_t> rlimit_nofile;
  std::optional<int> priority;
  std::optional<ProcessSettings::Affinity> affinity;
  std::optional<util::Milliseconds> shutdown_timeout;
  std::optional<util::Milliseconds> start_timeout;
  std::optional<util::Milliseconds> watchdog;
  std::optional<std::uint64_t> max_requests;
  std::optional<std::uint64_t> max_memory;
  std::optional<std::uint32_t> max_generations;
  std::optional<std::string> working_directory;
  std::vector<std::string> environment;
  std::optional<bool> pcre_jit;
  std::optional<ipc::Sandbox> sandbox;
};

// Directives

constexpr config::EnumValue<ipc::Sandbox> kSandboxes[] = {
    {ipc::SandboxName(ipc::Sandbox::kOn), ipc::Sandbox::kOn},
    {ipc::SandboxName(ipc::Sandbox::kStrict), ipc::Sandbox::kStrict},
    {ipc::SandboxName(ipc::Sandbox::kOff), ipc::Sandbox::kOff}};

constexpr std::int64_t kMostWorkers = 1024;  // a slot each, and reloads need some to spare

void SetUser(ProcessDraft& draft, const Call& call) {
  if (draft.user) return call.Duplicate();
  draft.user.emplace();
  for (const Word& word : call.args()) draft.user->push_back(word.text);
  draft.user_place = config::Join(call.args().front().span, call.args().back().span);
}

void SetWorkers(ProcessDraft& draft, const Call& call) {
  if (draft.workers_given) return call.Duplicate();
  draft.workers_given = true;
  if (call.arg(0) == "auto") return;
  if (const auto count = config::ReadNumber(call, call.args()[0], 1, kMostWorkers / 2)) {
    draft.workers = static_cast<std::uint32_t>(*count);
  }
}

void SetAffinity(ProcessDraft& draft, const Call& call) {
  if (draft.affinity) return call.Duplicate();
  draft.affinity.emplace();
  auto masks = call.args();
  if (masks[0].text == "auto") {
    draft.affinity->automatic = true;
    masks = masks.subspan(1);
    if (masks.size() > 1) return call.WrongArguments();
  }
  for (const Word& mask : masks) {
    static constexpr std::size_t kMostCpus = 1024;
    const bool binary = std::all_of(mask.text.begin(), mask.text.end(), [](char c) { return c == '0' || c == '1'; });
    if (!binary || mask.text.size() > kMostCpus || mask.text.find('1') == std::string::npos) {
      return call.InvalidValue(mask, "expected a mask of CPUs such as 0101, the last digit being CPU 0");
    }
    draft.affinity->masks.push_back(mask.text);
  }
}

// A tenth of it is how often an idle worker wakes, and a shorter one would take a busy machine for a hung worker.
constexpr util::Milliseconds kShortestWatchdog{100};

void SetWatchdog(ProcessDraft& draft, const Call& call) {
  if (draft.watchdog) return call.Duplicate();
  const Word& word = call.args()[0];
  if (util::EqualsIgnoreCase(word.text, "off")) {
    draft.watchdog = util::Milliseconds{0};
    return;
  }
  const auto period = config::ReadTime(call, word);
  if (!period) return;
  if (period->count() != 0 && *period < kShortestWatchdog) {
    return call.InvalidValue(word, "it must be off, or a time of at least 100ms");
  }
  draft.watchdog = *period;
}

void AddEnvironment(ProcessDraft& draft, const Call& call) {
  const Word& word = call.args()[0];
  if (word.text.empty() || word.text.front() == '=') {
    return call.InvalidValue(word, "expected NAME or NAME=value");
  }
  draft.environment.push_back(word.text);
}

constexpr Directive kProcessDirectives[] = {
    {.name = "user",
     .contexts = In::kMain,
     .arity = Args(1, 2),
     .setter = config::Set<&SetUser>,
     .syntax = "user [group]",
     .default_value = config::kDefaultUser,
     .doc = "The user of workers when the server is started by root."},
    {.name = "daemon",
     .contexts = In::kMain,
     .arity = config::Flag,
     .setter = config::SetFlag<&ProcessDraft::daemon>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Go to the background once every worker serves; off stays in the foreground."},
    {.name = "master_process",
     .contexts = In::kMain,
     .arity = config::Flag,
     .setter = config::SetFlag<&ProcessDraft::master_process>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Serve with a master and its workers; off is a single process, for debugging."},
    {.name = "pid",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetString<&ProcessDraft::pid>,
     .syntax = "file",
     .default_value = config::kDefaultPid,
     .doc = "The file that holds the master's process id, and that keeps a second one from starting; an empty name is "
            "no file, and no control socket beside it."},
    {.name = "control",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetString<&ProcessDraft::control>,
     .syntax = "file | off",
     .default_value = config::kDefaultControl,
     .doc = "The Unix socket on which the master answers colmeia ctl, and curl, of root and its own user only; by "
            "default beside the pid file.",
     .own = true},
    {.name = "worker_processes",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::Set<&SetWorkers>,
     .syntax = "number | auto",
     .default_value = "auto",
     .doc = "How many workers serve; auto is one for each CPU that affinity and control group leave to us."},
    {.name = "worker_rlimit_nofile",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetNumber<&ProcessDraft::rlimit_nofile, 1>,
     .syntax = "number",
     .default_value = "",
     .doc = "How many descriptors a worker may have open: raise it together with worker_connections."},
    {.name = "worker_priority",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetNumber<&ProcessDraft::priority, -20, 19>,
     .syntax = "number",
     .default_value = "0",
     .doc = "The nice value of workers, from -20 (favoured) to 19."},
    {.name = "worker_cpu_affinity",
     .contexts = In::kMain,
     .arity = AtLeast(1),
     .setter = config::Set<&SetAffinity>,
     .syntax = "mask ... | auto [mask]",
     .default_value = "",
     .doc = "Bind each worker to the CPUs of its mask, or with auto to one CPU each."},
    {.name = "worker_shutdown_timeout",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetTime<&ProcessDraft::shutdown_timeout>,
     .syntax = "time",
     .default_value = "0",
     .doc = "How long leaving workers may finish what is open before it is cut off; 0 is no limit."},
    {.name = "worker_start_timeout",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetTime<&ProcessDraft::start_timeout>,
     .syntax = "time",
     .default_value = "10s",
     .doc = "How long a new worker may take until it serves before it is given up.",
     .own = true},
    {.name = "worker_watchdog",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::Set<&SetWatchdog>,
     .syntax = "time | off",
     .default_value = "10s",
     .doc = "How long a worker may show no sign of life before it is taken for hung, killed and replaced.",
     .own = true},
    {.name = "worker_max_requests",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetNumber<&ProcessDraft::max_requests>,
     .syntax = "number",
     .default_value = "0",
     .doc = "After how many requests a worker is replaced, one worker at a time; 0 is never.",
     .own = true},
    {.name = "worker_max_memory",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetSize<&ProcessDraft::max_memory>,
     .syntax = "size",
     .default_value = "0",
     .doc = "At how much resident memory a worker is replaced, one worker at a time; 0 is never.",
     .own = true},
    {.name = "max_generations",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetNumber<&ProcessDraft::max_generations, 1, 512>,
     .syntax = "number",
     .default_value = "8",
     .doc = "How many old generations may drain at once; the oldest beyond it gets worker_shutdown_timeout, or 30s.",
     .own = true},
    {.name = "working_directory",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetString<&ProcessDraft::working_directory>,
     .syntax = "directory",
     .default_value = "",
     .doc = "Where workers stand, and so where a crash leaves its core file."},
    {.name = "env",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::Set<&AddEnvironment>,
     .syntax = "variable[=value]",
     .default_value = "TZ",
     .doc = "An environment variable that workers keep, or get with this value; all others are taken from them."},
    {.name = "pcre_jit",
     .contexts = In::kMain,
     .arity = config::Flag,
     .setter = config::SetFlag<&ProcessDraft::pcre_jit>,
     .syntax = "on | off",
     .default_value = "on",
     .doc = "Accepted without effect: regular expressions are always compiled to machine code where that is possible."},
    {.name = "sandbox",
     .contexts = In::kMain,
     .arity = Args(1),
     .setter = config::SetEnum<&ProcessDraft::sandbox, kSandboxes>,
     .syntax = "on | strict | off",
     .default_value = "on",
     .doc =
         "What the kernel lets a worker do: read files, but write, make and execute none, and make no connections of "
         "its own; with strict it reads below the document roots only.",
     .own = true},
};

// Merge

ProcessSettings MergeProcess(const ProcessSettings& outer, const ProcessDraft& own, MergeContext& context) {
  ProcessSettings out = outer;
  out.user = config::kDefaultUser;
  if (own.user) {
    out.user = own.user->front();
    if (own.user->size() > 1) out.group = own.user->back();
    out.user_place = own.user_place;
  }
  out.daemon = own.daemon.value_or(outer.daemon);
  out.master_process = own.master_process.value_or(outer.master_process);
  const bool no_pid = own.pid && own.pid->empty();
  if (!no_pid) out.pid = context.FromPrefix(own.pid.value_or(std::string(config::kDefaultPid)));
  if (own.control) {
    if (*own.control != "off") out.control = context.FromPrefix(*own.control);
  } else if (!no_pid) {
    out.control = ControlBeside(out.pid);
  }
  out.workers = own.workers;
  out.rlimit_nofile = own.rlimit_nofile.value_or(outer.rlimit_nofile);
  out.priority = own.priority.value_or(outer.priority);
  out.affinity = own.affinity.value_or(outer.affinity);
  out.shutdown_timeout = own.shutdown_timeout.value_or(outer.shutdown_timeout);
  out.start_timeout = own.start_timeout.value_or(outer.start_timeout);
  out.watchdog = own.watchdog.value_or(outer.watchdog);
  out.max_requests = own.max_requests.value_or(outer.max_requests);
  out.max_memory = own.max_memory.value_or(outer.max_memory);
  out.max_generations = own.max_generations.value_or(outer.max_generations);
  if (own.working_directory) out.working_directory = context.FromPrefix(*own.working_directory);
  out.environment = own.environment;
  out.sandbox = own.sandbox.value_or(outer.sandbox);
  return out;
}

}  // namespace

const site::Module kProcess =
    site::DefineModule<ProcessSettings, ProcessDraft, MergeProcess>("process", kProcessDirectives);

std::string ControlBeside(std::string_view pid) {
  static constexpr std::string_view kSuffix = ".pid";
  if (pid.ends_with(kSuffix)) pid.remove_suffix(kSuffix.size());
  return std::string(pid) + ".control";
}

}  // namespace colmeia::site
