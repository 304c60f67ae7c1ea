#include "resources/mender.h"

#include <utility>

#include <fmt/core.h>

#include "log/error_log.h"
#include "supervisor/words.h"

namespace colmeia::resources {

Mender::Mender(loop::Loop& loop, Resources& resources, HandOut hand_out)
    : loop_(loop), resources_(resources), hand_out_(std::move(hand_out)), next_(loop, [this] {
        if (std::exchange(wanted_, false)) LookNow();
      }) {}

void Mender::Look() {
  if (next_.active()) {
    wanted_ = true;
  } else {
    LookNow();
  }
}

void Mender::LookNow() {
  for (OpenListener* const listener : resources_.Listeners()) {
    const std::vector<std::size_t> deaf = listener->Deaf();
    if (!deaf.empty()) Mend(*listener, deaf);
  }
}

void Mender::Mend(OpenListener& listener, const std::vector<std::size_t>& deaf) {
  next_.StartAfter(kBetween);
  const ipc::PlannedListener* const planned = resources_.PlannedFor(listener);
  if (planned == nullptr) return;
  std::vector<sys::UniqueFd> old;  // closed last, when nobody here polls it any more
  if (auto mended = listener.Mend(*planned, deaf, loop_.Now(), old); !mended) {
    wanted_ = true;
    return Tell(log::Level::kAlert,
                fmt::format("{} has stopped listening, and cannot be opened anew (tried each second): {}",
                            listener.name(), mended.error().message));
  }
  const std::size_t workers = hand_out_(listener, deaf);
  Tell(log::Level::kAlert, fmt::format("{} had stopped listening, shut down by another process that has the socket; "
                                       "opened anew and handed to {}",
                                       listener.name(), supervisor::Count(workers, "worker")));
}

void Mender::Tell(log::Level level, const std::string& text) {
  const auto times = tell_.Take(loop_.Now());
  if (!times) return;
  const std::string more =
      *times > 1 ? fmt::format(" (and {} since the last such line)", supervisor::Count(*times - 1, "other")) : "";
  log::Main().Print(level, "master: {}{}", text, more);
}

bool Mender::MendedLately(const OpenListener& listener) const {
  return listener.MendedAfter(loop_.Now() - 2 * kBetween);
}

}  // namespace colmeia::resources
