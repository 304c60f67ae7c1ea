#include "supervisor/reopening.h"

#include <algorithm>

namespace colmeia::supervisor {

std::vector<std::uint32_t> Reopening::Laggards() const {
  std::vector<std::uint32_t> slots;
  for (const LogsReopened::Sent& sent : owed_) slots.push_back(sent.slot);
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

void Reopening::Opened(const LogsReopened& answer, util::TimePoint now) {
  state_ = State::kAwaited;
  owed_ = answer.sent;
  failures_ = answer.failures;
  files_ = answer.files;
  deadline_ = now + kLimit;
}

void Reopening::Done(std::uint32_t slot, std::uint32_t in_reply_to) {
  auto match = [&](const LogsReopened::Sent& sent) { return sent.slot == slot && sent.sequence == in_reply_to; };
  if (std::erase_if(owed_, match) == 0) return;
  auto same = [&](const LogsReopened::Sent& sent) { return sent.slot == slot; };
  if (std::none_of(owed_.begin(), owed_.end(), same)) ++switched_;
}

void Reopening::Gone(std::uint32_t slot) {
  std::erase_if(owed_, [&](const LogsReopened::Sent& sent) { return sent.slot == slot; });
}

}  // namespace colmeia::supervisor
