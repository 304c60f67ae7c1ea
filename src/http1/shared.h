// Shared: what a worker lends to all its HTTP/1 connections: buffers, exchanges, clock, counters. Because a connection
// is served to the end of its callback before another one is, one of each is enough, and an idle connection costs
// little.
//
// It does not know the connections: session::SessionOwner does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "h1/request_head.h"
#include "h1/writer.h"
#include "http/date.h"
#include "http1/transaction.h"
#include "loop/loop.h"
#include "loop/poll_pool.h"
#include "loop/timeouts.h"
#include "loop/timer.h"
#include "pipeline/services.h"
#include "scoreboard/layout.h"
#include "session/buffer.h"
#include "session/session.h"
#include "site/site.h"

namespace colmeia::http1 {

class Shared {
 public:
  static constexpr std::size_t kInputSize = 64 * 1024;
  static constexpr std::size_t kOutputSize = 64 * 1024;
  static constexpr std::size_t kFileSize = 64 * 1024;

  // All must outlive this. `services.now` and `services.wall_ms` are kept up to date by Tick().
  Shared(loop::Loop& loop, loop::PollPool& polls, pipeline::Services& services, scoreboard::SlotWriter counts,
         session::SessionOwner& owner);
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  // The clock of this turn, another moment, and empty buffers: whatever wakes a connection begins with it.
  void Tick();

  [[nodiscard]] util::TimePoint now() const { return services.now; }
  // The Date field's value. Valid until Tick().
  [[nodiscard]] std::string_view Date() { return dates_.At(services.wall_ms / 1000); }
  // "colmeia" or "colmeia/1.2.3".
  [[nodiscard]] static std::string_view ServerName(bool with_version);

  void Arm(loop::TimeoutListener& listener, util::Milliseconds length) { timeouts.Arm(listener, length, now()); }

  loop::Loop& loop;
  loop::PollPool& polls;
  pipeline::Services& services;
  scoreboard::SlotWriter counts;
  session::SessionOwner& owner;

  // While draining each answer is its connection's last.
  bool draining = false;

  loop::Timeouts timeouts;
  TransactionPool transactions;
  h1::RequestHead head;  // scratch of the parser
  site::ServerMemo servers;
  h1::HeadMemo heads;
  session::Buffer input{kInputSize};
  session::Buffer output{kOutputSize};
  session::Buffer file{kFileSize};  // bytes of files on their way, where sendfile is off

 private:
  loop::Timer timer_;
  http::DateCache dates_;
};

}  // namespace colmeia::http1
