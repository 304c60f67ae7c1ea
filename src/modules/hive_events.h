// HiveEvents: the state of the hive each second, and its trace as it happens, as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html); hive.md describes them.
//
// It keeps nothing for its reader but the number of the last record: the rest lies in shared memory. So a reader that
// is slow gets fewer states, and records as long as the ring has them.
#pragma once

#include <cstdint>
#include <string>

#include "loop/timer.h"
#include "pipeline/body_source.h"
#include "pipeline/services.h"
#include "util/clock.h"

namespace colmeia::modules {

class HiveEvents final : public pipeline::TextSource {
 public:
  // How long the reader waits before it comes back.
  static constexpr util::Milliseconds kRetry{1000};
  static constexpr util::Milliseconds kStateEvery{1000};
  static constexpr util::Milliseconds kTraceEvery{100};
  // Records that a new listener gets.
  static constexpr std::uint64_t kFirstRecords = 200;
  // Records in one event.
  static constexpr std::size_t kRecordsAtOnce = 50;

  // `services` outlives this, with a loop. `after` is the number of the last record that the reader has, 0 for none.
  HiveEvents(const pipeline::Services& services, std::uint64_t after);

  Pulled Write(std::string& out) override;
  void Drain() override { draining_ = true; }

 private:
  void OnTimer();
  [[nodiscard]] bool HasRecords() const;
  void AddState(std::string& out);
  void AddRecords(std::string& out);

  const pipeline::Services& services_;  // outlives this
  loop::Timer timer_;
  std::uint64_t seen_;  // number of the last record sent
  bool greeted_ = false;
  bool draining_ = false;
  util::TimePoint next_state_ = util::TimePoint::min();
};

}  // namespace colmeia::modules
