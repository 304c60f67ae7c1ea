#include "control/routes.h"

#include <chrono>

#include <fmt/core.h>

#include "control/json.h"
#include "util/check.h"

namespace colmeia::control {
namespace {

using http::Method;
using namespace std::chrono_literals;

// A question is answered at once. A reload compiles for at most a minute and starts workers within
// worker_start_timeout; the master ends what takes longer, so a client's patience only has to be the longer one.
constexpr util::Milliseconds kAtOnce = 5s;
constexpr util::Milliseconds kTakesTime = 120s;

constexpr Route kRoutes[] = {
    {Method::kGet, "/", View::kRoutes, "", 0, "", kAtOnce, "This table."},
    {Method::kGet, "/health", View::kHealth, "", 0, "health", kAtOnce,
     "Whether every worker that is wanted serves, in a few words."},
    {Method::kGet, "/status", View::kStatus, "", 0, "status", kAtOnce,
     "Everything: the server, its workers, generations, listeners, zones and totals."},
    {Method::kGet, "/workers", View::kWorkers, "", 0, "workers", kAtOnce, "Every worker: its state, and its counts."},
    {Method::kGet, "/generations", View::kGenerations, "", 0, "generations", kAtOnce,
     "Every generation that still has a process."},
    {Method::kGet, "/config", Document::kRunningConfiguration, "", 0, "config", kAtOnce,
     "The configuration that runs, each value with its file and line; what was edited since does not show."},
    {Method::kGet, "/trace", Feed::kTrace, "", 0, "trace", kAtOnce,
     "What master and children said and did, event by event, each with its cause."},
    {Method::kPost, "/reload", supervisor::Command::kReload, "", 0, "reload", kTakesTime,
     "Serve the configuration file as it is now; if that fails nothing changes."},
    {Method::kPost, "/reopen", supervisor::Command::kReopen, "", 0, "reopen", kTakesTime,
     "Open the log files anew, after they were renamed; done when every worker has switched."},
    {Method::kPost, "/workers", supervisor::Command::kScale, "count", 1, "workers", kTakesTime,
     "Serve with so many workers, until the next reload."},
    {Method::kPost, "/restart", supervisor::Command::kRestart, "", 0, "restart", kTakesTime * 5,
     "A new process for each worker, one after the other."},
    {Method::kPost, "/drain", supervisor::Command::kDrain, "worker", 0, "drain", kTakesTime,
     "The worker in this slot finishes what is open and leaves; another takes its seat."},
    {Method::kPost, "/kill", supervisor::Command::kKill, "worker", 0, "kill", kAtOnce,
     "The worker in this slot is killed at once, with whatever it has open; another takes its seat."},
    {Method::kPost, "/upgrade", supervisor::Command::kUpgrade, "", 0, "upgrade", kTakesTime,
     "Start the binary that is on disk now, and leave to it once it serves; if it does not nothing changes."},
    {Method::kPost, "/quit", supervisor::Command::kQuit, "", 0, "quit", kTakesTime,
     "Finish what is open, for at most worker_shutdown_timeout, then leave."},
    {Method::kPost, "/stop", supervisor::Command::kStop, "", 0, "stop", 30s, "Leave at once."},
};

}  // namespace

std::span<const Route> Routes() { return kRoutes; }

const Route* FindVerb(std::string_view verb, bool with_argument) {
  for (const Route& route : kRoutes) {
    if (!verb.empty() && route.verb == verb && route.argument.empty() != with_argument) return &route;
  }
  return nullptr;
}

const Route& RouteOf(supervisor::Command command) {
  for (const Route& route : kRoutes) {
    if (const auto* const own = std::get_if<supervisor::Command>(&route.asks); own != nullptr && *own == command)
      return route;
  }
  CHECK(false);
  return kRoutes[0];
}

std::string MethodsOf(std::string_view path, std::string_view separator) {
  std::string methods;
  for (const Route& route : kRoutes) {
    if (route.path != path) continue;
    if (!methods.empty()) methods += separator;
    methods += http::MethodName(route.method);
  }
  return methods;
}

std::variant<View, Document, TraceQuestion, supervisor::Order, Refusal> Understand(const Request& request) {
  const Route* found = nullptr;
  for (const Route& route : kRoutes) {
    if (route.path == request.path && route.method == request.method) found = &route;
  }
  const std::string allowed = found == nullptr ? MethodsOf(request.path, " and ") : std::string();
  if (found == nullptr && allowed.empty()) {
    return Refusal{http::Status::kNotFound, fmt::format("there is no \"{}\" here; GET / lists what is", request.path)};
  }
  if (found == nullptr) {
    return Refusal{http::Status::kMethodNotAllowed, fmt::format("{} takes {} only", request.path, allowed)};
  }
  if (const auto* const view = std::get_if<View>(&found->asks)) return *view;
  if (const auto* const document = std::get_if<Document>(&found->asks)) return *document;
  if (std::holds_alternative<Feed>(found->asks)) {
    auto question = ReadTraceQuestion(request.query);
    if (!question) return Refusal{http::Status::kBadRequest, question.error().message};
    return *question;
  }
  supervisor::Order order{std::get<supervisor::Command>(found->asks), 0};
  auto argument = ReadArgument(*found, request.body);
  if (!argument) return Refusal{http::Status::kBadRequest, argument.error().message};
  order.argument = *argument;
  return order;
}

std::string BodyFor(const Route& route, std::uint32_t argument) {
  return route.argument.empty() ? std::string() : fmt::format(R"({{"{}":{}}})", route.argument, argument);
}

}  // namespace colmeia::control
