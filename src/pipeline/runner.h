// Runner: takes an exchange through server and location choice, phases and filters until its response is complete.
//
// It does no I/O of its own; the session writes the response and calls Log when the last byte is with the kernel or the
// client is gone.
//
//            +--- Outcome::Reroute() ----+       Outcome::Rewrite() is the same without the server's handlers
//            v                           |
//   Run --> server's handlers --> location's handlers --> filters --> kComplete      Log
//            ^         |             ^          |
//            |         +-- Await() --+----------+-------------------> kWaits
//            +------ Resume ---------+                                  | the session comes again: Resume, or Cancel
//
// A handler may wait (pipeline/awaiting.h). Then the runner returns, nothing of it stays on the stack, and the exchange
// remembers which handler of which list it was. Resume() goes on there, through the same filters, as if the handler had
// only now returned.
//
// A child exchange (pipeline/child.h) takes the same way. It does not see the access phase, since the client was let in
// already, and of the filters only those of bodies.
#pragma once

#include <cstddef>
#include <vector>

#include "http/status.h"
#include "site/module.h"

namespace colmeia::site {
struct Server;
struct Location;
}  // namespace colmeia::site

namespace colmeia::pipeline {

class Exchange;
struct Outcome;

// How far an exchange has come.
enum class RunState {
  kComplete,  // `response` is complete, unless it is withheld
  kWaits,     // Exchange::awaiting() will say when to Resume()
};

class Runner {
 public:
  // REQUIRES: request, connection, services and server are set.
  static RunState Run(Exchange& exchange);

  // Goes on after a wait. REQUIRES: it waits, and the wait is over.
  static RunState Resume(Exchange& exchange);

  // Nobody wants the answer any more: the wait ends, and `status` is for the log. REQUIRES: it waits.
  static void Cancel(Exchange& exchange, http::Status status);

  // The same for a request that cannot be understood or is refused before any handler sees it (400, 405, 414, 494,
  // 505), or whose body is (400, 413): then in the location that was to answer it.
  static RunState Refuse(Exchange& exchange, http::Status status);

  // Writes the access log and whatever else logs this exchange. Once per exchange; child exchanges are logged only
  // where log_subrequest is on.
  static void Log(Exchange& exchange);

 private:
  enum class Step {
    kChooseLocation,
    kFindLocation,  // the server's handlers have had their turn
    kPassed,        // all handlers of a list have passed
    kAwait,         // one of them waits
    kFinished,      // the response is made
  };

  static Step EnterByName(Exchange& exchange);
  // The server's handlers, and those of the location that they leave the path to.
  static Step EnterByPath(Exchange& exchange);
  static Step FindLocation(Exchange& exchange);
  static Step RunLocation(Exchange& exchange);
  static Step RunLocationHandlers(Exchange& exchange);
  // From the one at `first` on.
  static Step RunHandlers(Exchange& exchange, const std::vector<site::Handler>& handlers, std::size_t first);
  // What a handler said, or the Awaiting in its place.
  static Step Follow(Exchange& exchange, Outcome outcome);
  // The handlers behind the one that has waited.
  static Step GoOn(Exchange& exchange);
  static Step Respond(Exchange& exchange, http::Status status);
  static Step Reroute(Exchange& exchange);
  static Step Rewrite(Exchange& exchange);
  static Step EndCycle(Exchange& exchange);
  // kNone, or what a filter answers instead.
  static http::Status Complete(Exchange& exchange);
  static RunState Loop(Exchange& exchange, Step step);
};

}  // namespace colmeia::pipeline
