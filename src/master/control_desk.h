// The control desk: what comes over the control socket becomes questions, answered at once from what the master knows,
// and orders, which are Request events for the supervisor and are answered when their result is known.
#pragma once

#include <functional>
#include <string>

#include "control/server.h"
#include "control/status.h"
#include "loop/loop.h"
#include "master/actions.h"
#include "master/children.h"

namespace colmeia::master {

class ControlDesk final : public control::Handler {
 public:
  // Gives the status of this moment.
  using Look = std::function<control::Status()>;

  // All must outlive it. `look` is called within questions only.
  ControlDesk(loop::Loop& loop, ChildListener& events, Look look);

  // Listens at `path`, instead of where it listened before; an empty path is no control socket. An error is told and
  // changes nothing: the server serves without one.
  Result<> MoveTo(const std::string& path);

  // Puts the socket's file aside for a new binary, and takes it back.
  Result<> PutAside();
  Result<> TakeBack();

  void Answer(const Reply& reply);
  void Close() { server_.Close(); }

 private:
  void OnRequest(const control::Request& request) override;
  void OnGone(control::RequestId id) override;

  ChildListener& events_;  // outlives this
  Look look_;
  control::Server server_;
  std::string path_;  // as the configuration names it
};

}  // namespace colmeia::master
