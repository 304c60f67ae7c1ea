#include "loop/process.h"

#include <cerrno>
#include <utility>

#include <fmt/core.h>

#include "loop/node.h"
#include "loop/signals.h"
#include "sys/error.h"

namespace colmeia::loop {

struct Process::Node {
  uv_process_t uv{};
  std::function<void(ExitStatus)> on_exit;
  bool running = true;
};

void Process::Closer::operator()(Node* node) const noexcept { CloseNode(node); }

namespace {

// A null-terminated array of C strings, as exec wants it. libuv declares them writable and does not write.
std::vector<char*> CStrings(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<uv_stdio_container_t> Containers(const std::vector<int>& fds) {
  std::vector<uv_stdio_container_t> containers;
  containers.reserve(fds.size());
  for (const int fd : fds) {
    uv_stdio_container_t container{};
    container.flags = fd == SpawnOptions::kNone ? UV_IGNORE : UV_INHERIT_FD;
    container.data.fd = fd;
    containers.push_back(container);
  }
  return containers;
}

}  // namespace

std::string ExitStatus::Describe() const {
  return signal != 0 ? fmt::format("killed by signal {} ({})", signal, SignalName(signal))
                     : fmt::format("exited with code {}", code);
}

Result<std::unique_ptr<Process>> Process::Spawn(Loop& loop, const SpawnOptions& options,
                                                std::function<void(ExitStatus)> on_exit) {
  std::vector<char*> args = CStrings(options.args);
  std::vector<char*> env = CStrings(options.env);
  std::vector<uv_stdio_container_t> stdio = Containers(options.fds);

  uv_process_options_t uv_options{};
  uv_options.file = options.file.c_str();
  uv_options.args = args.data();
  uv_options.env = env.data();
  uv_options.cwd = options.working_directory.empty() ? nullptr : options.working_directory.c_str();
  uv_options.flags = options.new_session ? unsigned{UV_PROCESS_DETACHED} : 0U;
  uv_options.stdio = stdio.data();
  uv_options.stdio_count = static_cast<int>(stdio.size());
  uv_options.exit_cb = [](uv_process_t* uv, std::int64_t code, int signal) noexcept {
    Awake(uv->loop);
    Node* const node = NodeOf<Node>(uv);
    node->running = false;
    const std::function<void(ExitStatus)> call = std::move(node->on_exit);
    call(ExitStatus{static_cast<int>(code), signal});
  };

  std::unique_ptr<Process> process(new Process);
  process->node_.reset(new Node);  // uv_spawn initialises the handle in every case, so it is closed in every case
  process->node_->uv.data = process->node_.get();
  process->node_->on_exit = std::move(on_exit);
  const int result = uv_spawn(loop.handle(), &process->node_->uv, &uv_options);
  if (result != 0) return sys::FailErrno("cannot run " + options.file, -result);
  return process;
}

pid_t Process::pid() const { return node_->uv.pid; }

bool Process::running() const { return node_->running; }

Result<> Process::Kill(int signal) {
  const std::string what = fmt::format("cannot send {} to process {}", SignalName(signal), pid());
  if (!running()) return sys::FailErrno(what, ESRCH);
  const int result = uv_process_kill(&node_->uv, signal);
  if (result != 0) return sys::FailErrno(what, -result);
  return {};
}

}  // namespace colmeia::loop
