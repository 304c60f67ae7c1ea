#include "http1/shared.h"

#include <chrono>

namespace colmeia::http1 {

Shared::Shared(loop::Loop& the_loop, loop::PollPool& the_polls, pipeline::Services& the_services,
               scoreboard::SlotWriter the_counts, session::SessionOwner& the_owner)
    : loop(the_loop),
      polls(the_polls),
      services(the_services),
      counts(the_counts),
      owner(the_owner),
      timeouts([this](util::TimePoint when) { timer_.StartAt(when); }),
      timer_(the_loop, [this] {
        Tick();
        timeouts.Expire(now());
      }) {
  Tick();
}

void Shared::Tick() {
  input.Clear();
  output.Clear();
  ++services.moment;
  const util::TimePoint now = loop.Now();
  if (now == services.now && services.wall_ms != 0) return;
  services.now = now;
  services.wall_ms =
      std::chrono::duration_cast<util::Milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string_view Shared::ServerName(bool with_version) {
  static constexpr std::string_view kWithVersion = "colmeia/" COLMEIA_VERSION;
  static constexpr std::string_view kName = kWithVersion.substr(0, 7);
  return with_version ? kWithVersion : kName;
}

}  // namespace colmeia::http1
