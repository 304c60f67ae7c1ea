// BuildSite: from the expanded text of a configuration to the Site that serves it.
//
// Used twice on the same text: by the compiler child to check it and make the plan, and by each worker to serve. It
// opens nothing and changes nothing global. Host names in `listen` are resolved through `Resolver`, so that a worker
// can be given what the compiler found instead of asking again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/progress.h"
#include "config/source.h"
#include "site/module.h"
#include "site/site.h"
#include "sys/address.h"

namespace colmeia::site {

// The addresses behind the host names of `listen` directives.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // All addresses that `listen`'s argument "host:port" stands for.
  [[nodiscard]] virtual Result<std::vector<sys::Address>> Resolve(const std::string& text) = 0;
};

struct BuildOptions {
  const ModuleList* modules = nullptr;
  Resolver* resolver = nullptr;
  config::Progress* progress = nullptr;  // told of each directive; may be null
};

// Null when `diagnostics` has errors.
[[nodiscard]] std::unique_ptr<const Site> BuildSite(const config::Source& source, const BuildOptions& options,
                                                    config::Diagnostics& diagnostics);

}  // namespace colmeia::site
