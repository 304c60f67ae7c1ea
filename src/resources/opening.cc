#include "resources/opening.h"

#include <cerrno>
#include <utility>

namespace colmeia::resources {

void Opening::Open(std::uint32_t generation, std::shared_ptr<const ipc::Plan> plan, Done done) {
  const util::Milliseconds patience = generation == 1 ? kPatience : kPatienceOfReload;
  Attempt attempt{std::move(plan), std::move(done), loop_.Now() + patience, nullptr};
  attempt.timer = std::make_unique<loop::Timer>(loop_, [this, generation] { Try(generation); });
  attempts_[generation] = std::move(attempt);
  Try(generation);
}

void Opening::Try(std::uint32_t generation) {
  Attempt& attempt = attempts_.at(generation);
  const bool last = loop_.Now() >= attempt.until;
  auto opened = resources_.Open(generation, attempt.plan, last ? Attempts::kLast : Attempts::kMore);
  if (!opened && opened.error().code == EADDRINUSE && !last) return attempt.timer->StartAfter(kInterval);
  const auto over = attempts_.extract(generation);
  over.mapped().done(std::move(opened));
}

void Opening::Cancel(std::uint32_t generation) { attempts_.erase(generation); }

}  // namespace colmeia::resources
