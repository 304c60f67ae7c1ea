// Services: what a worker lends to every exchange. One value per worker; everything in it outlives the exchanges.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/current_request.h"
#include "pipeline/exchange_pool.h"
#include "pipeline/zones.h"
#include "util/clock.h"

namespace colmeia::site {
struct Site;
}  // namespace colmeia::site

namespace colmeia::files {
class Store;
}
namespace colmeia::log {
class AccessLog;
class ErrorLog;
}  // namespace colmeia::log
namespace colmeia::loop {
class Loop;
class ThreadPool;
}  // namespace colmeia::loop
namespace colmeia::trace {
class Reader;
}
namespace colmeia::scoreboard {
class Board;
class SlotWriter;
}  // namespace colmeia::scoreboard

namespace colmeia::pipeline {

class VariantCache;

// Texts that many exchanges of one second share: the clock as an access log writes it.
class TimeTexts {
 public:
  // "23/Nov/2026:11:34:00 +0000" and "2026-11-23T11:34:00+00:00", in the time zone of the process. Valid until the next
  // call with another second.
  [[nodiscard]] std::string_view Local(std::int64_t seconds);
  [[nodiscard]] std::string_view Iso8601(std::int64_t seconds);

 private:
  void Format(std::int64_t seconds);
  std::int64_t second_ = -1;
  std::string local_;
  std::string iso8601_;
};

struct Services {
  const site::Site* site = nullptr;
  files::Store* files = nullptr;
  VariantCache* variants = nullptr;          // null only in unit tests
  std::vector<log::AccessLog*> logs;         // by ordinal of Site::logs
  std::vector<log::ErrorLog*> error_logs;    // by ordinal of Site::error_logs
  std::vector<ZoneInUse> zones;              // by ordinal of Site::zones
  const scoreboard::Board* board = nullptr;  // null only in unit tests
  const trace::Reader* trace = nullptr;      // null without a master
  // By name (pipeline/aio.h).
  std::map<std::string, loop::ThreadPool, std::less<>>* thread_pools = nullptr;
  loop::Loop* loop = nullptr;  // null only in unit tests
  util::TimePoint now{};       // of this loop turn
  std::int64_t wall_ms = 0;    // milliseconds since the epoch, of this loop turn
  std::uint64_t moment = 0;    // another number whenever a connection is served: see files::Query
  TimeTexts times;
  std::string_view hostname;
  int pid = 0;
  std::uint32_t slot = 0;                    // of this worker on the board
  std::string_view accept_by = "exclusive";  // how workers share the listening sockets
  CurrentRequest serving;                    // what is being answered just now
  ExchangePool exchanges;                    // for children of others (pipeline/child.h)
  bool lacks_descriptors = false;            // a file could not be opened for want of one; the worker resets it
};

}  // namespace colmeia::pipeline
