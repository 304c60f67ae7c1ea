// The control desk: what comes over the control socket becomes questions, answered at once from what the master knows,
// and orders, which are Request events for the supervisor and are answered when their result is known.
//
// A question about the trace may wait for news. Nothing is kept for such a client but the question itself, and a look
// at the ring every so often is all that it costs.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/configuration.h"
#include "control/server.h"
#include "control/status.h"
#include "control/trace.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "master/children.h"
#include "supervisor/actions.h"
#include "trace/ring.h"
#include "util/clock.h"

namespace colmeia::master {

class ControlDesk final : public control::Handler {
 public:
  // Gives the status of this moment.
  using Look = std::function<control::Status()>;

  // Gives what the current generation was compiled from.
  using Recall = std::function<Result<control::Configuration>()>;

  // A configuration is large: none is handed out while so many bytes wait for clients that take theirs slowly.
  static constexpr std::size_t kMostUnsent = 32 * 1024 * 1024;

  // How often the ring is looked at while a client waits for news of it, and how many may wait: the connections that
  // are left must do for orders.
  static constexpr util::Milliseconds kLookEvery{50};
  static constexpr std::size_t kMostFollowers = 16;

  // All must outlive it. `look` and `recall` are called within questions only. Without a trace there is none to be
  // asked for.
  ControlDesk(loop::Loop& loop, ChildListener& events, Look look, Recall recall, std::optional<trace::Reader> trace);

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

  void Answer(const supervisor::Reply& reply);
  // Clients that wait for news of the trace get what there is.
  void Close();

 private:
  void OnRequest(const control::Request& request) override;
  void OnGone(control::RequestId id) override;

  struct Follower {
    control::RequestId id = 0;
    control::TraceQuestion question;
    util::TimePoint until;
  };
  void AnswerConfiguration(control::RequestId id);
  void Tell(control::RequestId id, const control::TraceQuestion& question);
  void AnswerTrace(control::RequestId id, const control::TraceQuestion& question);
  void LookForNews(bool all);

  loop::Loop& loop_;       // outlives this
  ChildListener& events_;  // outlives this
  Look look_;
  Recall recall_;
  control::Server server_;
  std::optional<trace::Reader> trace_;
  std::vector<Follower> followers_;
  loop::Timer news_;                                     // while there are followers
  std::string path_;                                     // as the configuration names it
  std::map<std::uint32_t, control::SocketFile> opened_;  // of generations that are not current yet
};

}  // namespace colmeia::master
