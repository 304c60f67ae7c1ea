// What a phase handler wants to happen next. Nothing is overloaded on one integer: the verdict and the HTTP status are
// two things.
#pragma once

#include "http/status.h"

namespace colmeia::pipeline {

enum class Next {
  kPass,     // not mine: go on to the next handler
  kDone,     // the response is complete in Exchange::response: skip to filters and log
  kRespond,  // answer with `status`: its error_page, or the built-in page
  kReroute,  // a redirection inside the server: back to its handlers and the choice of a location, at most
             // Exchange::kMaxReroutes times
  kRewrite,  // the path changed: back to the choice of a location, without the server's handlers; counted with those
  kEnter,    // the exchange has entered a location inside of its own (Exchange::Enter): go on with its handlers
  kAwait,    // not yet: the exchange has an Awaiting, whose Resume() says what happens next
};

struct Outcome {
  Next next = Next::kPass;
  http::Status status = http::Status::kOk;  // meaningful with kRespond only

  static constexpr Outcome Pass() { return {Next::kPass, http::Status::kOk}; }
  static constexpr Outcome Done() { return {Next::kDone, http::Status::kOk}; }
  static constexpr Outcome Respond(http::Status status) { return {Next::kRespond, status}; }
  static constexpr Outcome Reroute() { return {Next::kReroute, http::Status::kOk}; }
  static constexpr Outcome Rewrite() { return {Next::kRewrite, http::Status::kOk}; }
  static constexpr Outcome Enter() { return {Next::kEnter, http::Status::kOk}; }
  // For Exchange::Await(), and for an Awaiting that waits on.
  static constexpr Outcome Await() { return {Next::kAwait, http::Status::kOk}; }
};

}  // namespace colmeia::pipeline
