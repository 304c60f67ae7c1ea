#include "site/events.h"

#include <limits>
#include <optional>

#include "config/setters.h"
#include "util/clock.h"

namespace colmeia::site {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;

struct EventsDraft {
  std::optional<std::uint32_t> worker_connections;
  config::Span worker_connections_place;
  std::optional<bool> multi_accept;
  std::optional<ipc::AcceptBy> accept_by;
  std::optional<bool> accept_mutex;
  std::optional<util::Milliseconds> accept_mutex_delay;
};

// Directives

void CheckMethod(EventsDraft&, const Call& call) {
  if (call.arg(0) != "epoll") call.InvalidValue(call.args()[0], "colmeia always uses epoll");
}

void SetConnections(EventsDraft& draft, const Call& call) {
  if (draft.worker_connections) return call.Duplicate();
  const auto number = config::ReadNumber(call, call.args()[0], 1, std::numeric_limits<std::uint32_t>::max());
  if (!number) return;
  draft.worker_connections = static_cast<std::uint32_t>(*number);
  draft.worker_connections_place = call.args()[0].span;
}

constexpr config::EnumValue<ipc::AcceptBy> kWays[] = {
    {ipc::AcceptByName(ipc::AcceptBy::kExclusive), ipc::AcceptBy::kExclusive},
    {ipc::AcceptByName(ipc::AcceptBy::kShared), ipc::AcceptBy::kShared},
    {ipc::AcceptByName(ipc::AcceptBy::kReuseport), ipc::AcceptBy::kReuseport},
    {ipc::AcceptByName(ipc::AcceptBy::kMutex), ipc::AcceptBy::kMutex},
    {ipc::AcceptByName(ipc::AcceptBy::kHandoff), ipc::AcceptBy::kHandoff},
};

constexpr Directive kEventsDirectives[] = {
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
     .setter = config::Set<&SetConnections>,
     .syntax = "number",
     .default_value = "512",
     .doc = "How many connections one worker holds; beyond it silent and idle ones are closed, or clients wait."},
    {.name = "multi_accept",
     .contexts = In::kEvents,
     .arity = config::Flag,
     .setter = config::SetFlag<&EventsDraft::multi_accept>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Let a worker accept all connections that wait, rather than one at a time."},
    {.name = "accept_by",
     .contexts = In::kEvents,
     .arity = Args(1),
     .setter = config::SetEnum<&EventsDraft::accept_by, kWays>,
     .syntax = "exclusive | shared | reuseport | mutex | handoff",
     .default_value = "exclusive",
     .doc =
         "Which worker takes a client: the one that the kernel wakes, the first to come, the one whose socket it came "
         "to, the holder of a lock, or the master, which hands it on. Listeners with reuseport are not concerned.",
     .own = true},
    {.name = "accept_mutex",
     .contexts = In::kEvents,
     .arity = config::Flag,
     .setter = config::SetFlag<&EventsDraft::accept_mutex>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "On is accept_by mutex, unless accept_by says something else."},
    {.name = "accept_mutex_delay",
     .contexts = In::kEvents,
     .arity = Args(1),
     .setter = config::SetTime<&EventsDraft::accept_mutex_delay>,
     .syntax = "time",
     .default_value = "500ms",
     .doc = "How long a worker that does not get the lock of accept_by mutex waits before it tries again."},
    {.name = "use",
     .contexts = In::kEvents,
     .arity = Args(1),
     .setter = config::Set<&CheckMethod>,
     .syntax = "epoll",
     .default_value = "epoll",
     .doc = "Which of the kernel's interfaces waits for connections: epoll, the only one here."},
};

// Merge

EventsSettings MergeEvents(const EventsSettings& outer, const EventsDraft& own, site::MergeContext&) {
  const auto by_default = own.accept_mutex.value_or(false) ? ipc::AcceptBy::kMutex : outer.accept_by;
  return {.worker_connections = own.worker_connections.value_or(outer.worker_connections),
          .multi_accept = own.multi_accept.value_or(outer.multi_accept),
          .accept_by = own.accept_by.value_or(by_default),
          .accept_mutex_delay = own.accept_mutex_delay.value_or(outer.accept_mutex_delay),
          .worker_connections_place =
              own.worker_connections ? own.worker_connections_place : outer.worker_connections_place};
}

}  // namespace

const site::Module kEvents = site::DefineModule<EventsSettings, EventsDraft, MergeEvents>("events", kEventsDirectives);

}  // namespace colmeia::site
