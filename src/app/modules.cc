#include "app/modules.h"

#include "modules/events.h"
#include "modules/process.h"
#include "pipeline/core_module.h"

namespace colmeia::app {

const pipeline::ModuleList& Modules() {
  static const pipeline::ModuleList kList({
      &modules::kProcess,
      &modules::kEvents,
      &pipeline::kCore,
  });
  return kList;
}

}  // namespace colmeia::app
