// The routes of the control socket as one table: method and path, what is asked, what it takes, and the verb of
// `colmeia ctl` that asks it. The server's side, the command line and control/README.md all read this table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "control/request.h"
#include "control/trace.h"
#include "http/method.h"
#include "http/status.h"
#include "supervisor/command.h"
#include "util/clock.h"

namespace colmeia::control {

// Questions, answered at once from what the master knows.
enum class View {
  kRoutes,       // this table
  kHealth,       // serving or not, in a few words
  kStatus,       // everything
  kWorkers,      // of that, the workers
  kGenerations,  // of that, the generations
};

// What the master keeps and hands out as it is.
enum class Document {
  kRunningConfiguration,  // control/configuration.h
};

// Questions about the trace: control/trace.h.
enum class Feed {
  kTrace,
};

struct Route {
  http::Method method;
  std::string_view path;
  std::variant<View, Document, Feed, supervisor::Command> asks;
  std::string_view argument;    // the one member of the JSON body, a whole number; empty: there is no body
  std::uint32_t least;          // the least value of the argument
  std::string_view verb;        // of `colmeia ctl`
  util::Milliseconds patience;  // how long a client waits for the answer unless it was told otherwise
  std::string_view meaning;     // one sentence for the manual
};

// In the order of the manual.
[[nodiscard]] std::span<const Route> Routes();

// The route of a verb, with or without an argument: "workers" asks, "workers 4" orders. nullptr when there is none.
[[nodiscard]] const Route* FindVerb(std::string_view verb, bool with_argument);

// The route of a command. REQUIRES: every command has one; a test looks.
[[nodiscard]] const Route& RouteOf(supervisor::Command command);

// A request that has no meaning here.
struct Refusal {
  http::Status status = http::Status::kNotFound;
  std::string why;
};

// The methods that there are for a path; empty when there is no such path.
[[nodiscard]] std::string MethodsOf(std::string_view path, std::string_view separator);

// What a request asks for.
[[nodiscard]] std::variant<View, Document, TraceQuestion, supervisor::Order, Refusal> Understand(
    const Request& request);

// The body that asks for a route with its argument; empty for a route without one.
[[nodiscard]] std::string BodyFor(const Route& route, std::uint32_t argument);

}  // namespace colmeia::control
