#include "modules/events.h"

#include <limits>
#include <optional>

#include "config/setters.h"
#include "util/clock.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;

struct Draft {
  std::optional<std::uint32_t> worker_connections;
  std::optional<bool> multi_accept;
  std::optional<bool> accept_mutex;
  std::optional<util::Milliseconds> accept_mutex_delay;
};

// Directives

void CheckMethod(Draft&, const Call& call) {
  if (call.arg(0) != "epoll") call.InvalidValue(call.args()[0], "colmeia always uses epoll");
}

constexpr Directive kDirectives[] = {
    {.name = "events",
     .contexts = In::kMain,
     .arity = Args(0),
     .setter = {},
     .syntax = "",
     .default_value = "",
     .doc = "How workers take and hold connections.",
     .form = config::Form::kBlock},
    {.name = "worker_connections",
     .contexts = In::kEvents,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::worker_connections, 1>,
     .syntax = "number",
     .default_value = "512",
     .doc = "How many connections one worker holds; beyond it idle ones are closed, then accepting pauses."},
    {.name = "multi_accept",
     .contexts = In::kEvents,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::multi_accept>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Let a worker accept all connections that wait, rather than one at a time."},
    {.name = "accept_mutex",
     .contexts = In::kEvents,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::accept_mutex>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Accepted without effect: the kernel wakes one worker for each connection, without a lock."},
    {.name = "accept_mutex_delay",
     .contexts = In::kEvents,
     .arity = Args(1),
     .setter = config::SetTime<&Draft::accept_mutex_delay>,
     .syntax = "time",
     .default_value = "500ms",
     .doc = "Accepted without effect, as accept_mutex is."},
    {.name = "use",
     .contexts = In::kEvents,
     .arity = Args(1),
     .setter = config::Set<&CheckMethod>,
     .syntax = "epoll",
     .default_value = "epoll",
     .doc = "Which of the kernel's interfaces waits for connections: epoll, the only one here."},
};

// Merge

EventsSettings Merge(const EventsSettings& outer, const Draft& own, pipeline::MergeContext&) {
  return {.worker_connections = own.worker_connections.value_or(outer.worker_connections),
          .multi_accept = own.multi_accept.value_or(outer.multi_accept),
          .accept_mutex = own.accept_mutex.value_or(outer.accept_mutex)};
}

}  // namespace

const pipeline::Module kEvents = pipeline::DefineModule<EventsSettings, Draft, Merge>("events", kDirectives);

}  // namespace colmeia::modules
