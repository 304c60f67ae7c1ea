// The control desk: what comes over the control socket becomes questions, answered at once from what the master knows,
// and orders, which are Request events for the supervisor and are answered when their result is known.
#pragma once

#include <functional>
#include <map>
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

  // Makes the socket at `path` for a generation that is not current yet, unless it is listened on already; an empty
  // path is no control socket. The error names the path.
  Result<> Open(std::uint32_t generation, const std::string& path);
  // The generation became current: what it named is listened on from now on, and nothing else.
  void Promote(std::uint32_t generation, const std::string& path);
  // The generation is over: a socket made for it that was never listened on goes.
  void Abandon(std::uint32_t generation);

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
  std::string path_;                                     // as the configuration names it
  std::map<std::uint32_t, control::SocketFile> opened_;  // of generations that are not current yet
};

}  // namespace colmeia::master
