#include "app/compile.h"

#include <unistd.h>

#include <filesystem>
#include <optional>

#include "app/modules.h"
#include "app/plan.h"
#include "app/site_advice.h"
#include "app/watched.h"
#include "channel/channel.h"
#include "config/default_paths.h"
#include "config/load.h"
#include "ipc/codec.h"
#include "loop/loop.h"
#include "master/program.h"
#include "site/builder.h"
#include "sys/memfd.h"

namespace colmeia::app {
namespace {

// Asks the name service, and remembers the answers for the workers.
class RecordingResolver final : public site::Resolver {
 public:
  Result<std::vector<sys::Address>> Resolve(const std::string& text) override {
    auto addresses = sys::Address::Resolve(text);
    if (addresses) {
      ipc::ResolvedName name{text, {}};
      for (const sys::Address& address : *addresses) name.addresses.emplace_back(address.bytes());
      names_.push_back(std::move(name));
    }
    return addresses;
  }
  [[nodiscard]] std::vector<ipc::ResolvedName> Take() { return std::move(names_); }

 private:
  std::vector<ipc::ResolvedName> names_;
};

class Compiler final : public channel::ChannelListener {
 public:
  Compiler(loop::Loop& loop, config::Progress* progress)
      : loop_(loop), progress_(progress), channel_(loop, sys::UniqueFd(master::kChannelFd), *this) {
    channel_.Send(ipc::Hello{.pid = getpid()});
  }

  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  void OnMessage(channel::Received& received) override {
    const auto* const compile = std::get_if<ipc::Compile>(&received.message);
    if (compile == nullptr) return loop_.Stop();
    const Compilation compilation = CompileConfiguration(*compile, progress_);
    const std::string first = compilation.ok ? ipc::Encode(compilation.text) : compilation.diagnostics;
    auto text = sys::SealedMemfd("colmeia-configuration", first);
    auto plan = sys::SealedMemfd("colmeia-plan", compilation.ok ? ipc::Encode(compilation.plan) : std::string());
    if (!text || !plan) {
      channel_.Send(ipc::Failed{(text ? plan.error() : text.error()).message}, {}, received.sequence);
    } else {
      channel_.Send(ipc::Compiled{compilation.ok}, {text->get(), plan->get()}, received.sequence);
      exit_code_ = 0;
    }
    // The socket of a fresh pair has room for one frame.
    loop_.Stop();
  }
  void OnClosed(std::string) override { loop_.Stop(); }

  loop::Loop& loop_;
  config::Progress* const progress_;
  channel::Channel channel_;
  int exit_code_ = 1;
};

}  // namespace

ipc::Compile Resolved(ipc::Compile command_line) {
  if (command_line.prefix.empty()) command_line.prefix = config::kDefaultPrefix;
  std::string& prefix = command_line.prefix;
  prefix = std::filesystem::absolute(prefix).string();
  if (!prefix.ends_with('/')) prefix += '/';
  if (command_line.conf.empty()) command_line.conf = config::kDefaultConf;
  if (!command_line.conf.starts_with('/')) command_line.conf = prefix + command_line.conf;
  return command_line;
}

Compilation CompileConfiguration(const ipc::Compile& given, config::Progress* progress) {
  const ipc::Compile command_line = Resolved(given);
  Compilation out;
  config::Diagnostics diagnostics;
  out.source = config::Load({.prefix = command_line.prefix,
                             .conf_path = command_line.conf,
                             .extra_directives = command_line.directives,
                             .error_log = command_line.error_log,
                             .progress = progress},
                            diagnostics);
  RecordingResolver resolver;
  const auto site =
      site::BuildSite(out.source, {.modules = &Modules(), .resolver = &resolver, .progress = progress}, diagnostics);
  if (site != nullptr) Advise(out.source, *site, diagnostics);
  if (site != nullptr) out.plan = MakePlan(*site, out.source, diagnostics);
  out.ok = site != nullptr && !diagnostics.HasErrors();
  if (!out.ok) out.diagnostics = diagnostics.Render();
  out.text = {out.source.Serialise(), resolver.Take()};
  return out;
}

int RunCompiler() {
  // A master of an older version gives no page.
  auto page = ipc::ProgressPage::Open(master::kProgressFd);
  std::optional<NotedProgress> progress;
  if (page) progress.emplace(*page);
  loop::Loop loop;
  Compiler compiler(loop, progress ? &*progress : nullptr);
  loop.Run();
  return compiler.exit_code();
}

}  // namespace colmeia::app
