// Runner: takes an exchange through server and location choice, phases and filters until its response is complete.
//
// It does no I/O of its own; the connection writes the response and calls Log when the last byte is with the kernel or
// the client is gone.
#pragma once

#include <optional>
#include <vector>

#include "http/status.h"
#include "site/module.h"

namespace colmeia::site {
struct Server;
struct Location;
}  // namespace colmeia::site

namespace colmeia::pipeline {

class Exchange;

class Runner {
 public:
  // REQUIRES: request, connection, services and server are set. Afterwards `response` is complete, unless it is
  // withheld.
  static void Run(Exchange& exchange);

  // The same for a request that cannot be understood or is refused before any handler sees it (400, 405, 414, 494,
  // 505), or whose body is (400, 413): then in the location that was to answer it.
  static void Refuse(Exchange& exchange, http::Status status);

  // Writes the access log and whatever else logs this exchange. Once per exchange.
  static void Log(Exchange& exchange);

 private:
  enum class Step { kChooseLocation, kFinished };

  static void Enter(Exchange& exchange, const site::Location* location);
  static Step EnterByName(Exchange& exchange);
  // The server's handlers, and those of the location that they leave the path to.
  static Step EnterByPath(Exchange& exchange);
  static Step RunLocation(Exchange& exchange);
  // Nothing when all of them pass.
  static std::optional<Step> RunHandlers(Exchange& exchange, const std::vector<site::Handler>& handlers);
  static Step Respond(Exchange& exchange, http::Status status);
  static Step Reroute(Exchange& exchange);
  // kNone, or what a filter answers instead.
  static http::Status Complete(Exchange& exchange);
  static void Loop(Exchange& exchange, Step step);
};

}  // namespace colmeia::pipeline
