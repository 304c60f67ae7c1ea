// A worker: one process, one event loop, serving what an Adoption says.
#pragma once

#include <functional>
#include <string>

#include "process/adoption.h"
#include "site/module.h"

namespace colmeia::worker {

// Exit codes of a worker, as nginx's.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 2;  // could not become a worker

// The life of a worker that a master has spawned: introduces itself over `channel`, is adopted, serves, leaves. Returns
// the exit code.
[[nodiscard]] int RunAdopted(sys::UniqueFd channel, const site::ModuleList& modules);

// The same without a master (`master_process off`): INT, TERM and QUIT end it. `on_ready` is called when it serves,
// with nothing, or with the reason why it does not.
[[nodiscard]] int RunAlone(process::Adoption adoption, const site::ModuleList& modules,
                           const std::function<void(const std::string& failure)>& on_ready);

}  // namespace colmeia::worker
