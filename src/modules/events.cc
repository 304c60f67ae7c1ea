#include "modules/events.h"

#include <optional>

#include "config/setters.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::In;
using Settings = EventsSettings;

struct Draft {
  std::optional<std::uint32_t> worker_connections;
  std::optional<bool> multi_accept;
};

void SetUse(Draft&, const Call& call) {
  if (call.arg(0) != "epoll") call.InvalidValue(call.args()[0], "colmeia has epoll only");
}

using D = Draft;
constexpr config::Directive kDirectives[] = {
    {.name = "events",
     .contexts = In::kMain,
     .arity = Args(0),
     .setter = {},
     .syntax = "",
     .default_value = "",
     .doc = "How workers take connections.",
     .form = config::Form::kBlock},
    {.name = "worker_connections",
     .contexts = In::kEvents,
     .arity = Args(1),
     .setter = config::SetNumber<&D::worker_connections, 1>,
     .syntax = "number",
     .default_value = "512",
     .doc = "How many clients one worker serves at a time; at the limit idle ones are closed, then others wait."},
    {.name = "multi_accept",
     .contexts = In::kEvents,
     .arity = config::Flag,
     .setter = config::SetFlag<&D::multi_accept>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Take all waiting connections at once rather than one at a time."},
    {.name = "accept_mutex",
     .contexts = In::kEvents,
     .arity = config::Flag,
     .setter = config::SetNothing,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Accepted, without effect: the kernel wakes one worker for each connection (EPOLLEXCLUSIVE)."},
    {.name = "accept_mutex_delay",
     .contexts = In::kEvents,
     .arity = Args(1),
     .setter = config::SetNothing,
     .syntax = "time",
     .default_value = "500ms",
     .doc = "Accepted, without effect, as accept_mutex."},
    {.name = "use",
     .contexts = In::kEvents,
     .arity = Args(1),
     .setter = config::Set<&SetUse>,
     .syntax = "epoll",
     .default_value = "epoll",
     .doc = "The way to wait for events; only epoll is there."},
};

Settings Merge(const Settings& outer, const Draft& own, pipeline::MergeContext&) {
  return {.worker_connections = own.worker_connections.value_or(outer.worker_connections),
          .multi_accept = own.multi_accept.value_or(outer.multi_accept)};
}

}  // namespace

const pipeline::Module kEvents = pipeline::DefineModule<Settings, Draft, Merge>("events", kDirectives);

}  // namespace colmeia::modules
