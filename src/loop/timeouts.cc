#include "loop/timeouts.h"

#include <utility>

#include "util/check.h"

namespace colmeia::loop {

struct TimeoutListener::List {
  util::Milliseconds length;
  TimeoutListener* first = nullptr;
  TimeoutListener* last = nullptr;
};

Timeouts::Timeouts(Schedule schedule) : schedule_(std::move(schedule)) {}

Timeouts::~Timeouts() { CHECK(armed_ == 0); }

Timeouts::List& Timeouts::ListOf(util::Milliseconds length) {
  for (const std::unique_ptr<List>& list : lists_) {
    if (list->length == length) return *list;
  }
  lists_.push_back(std::make_unique<List>(List{length}));
  return *lists_.back();
}

void Timeouts::Append(List& list, TimeoutListener& listener) {
  listener.list_ = &list;
  listener.previous_ = list.last;
  listener.next_ = nullptr;
  (list.last != nullptr ? list.last->next_ : list.first) = &listener;
  list.last = &listener;
  ++armed_;
}

void Timeouts::Unlink(TimeoutListener& listener) {
  List& list = *listener.list_;
  (listener.previous_ != nullptr ? listener.previous_->next_ : list.first) = listener.next_;
  (listener.next_ != nullptr ? listener.next_->previous_ : list.last) = listener.previous_;
  listener.list_ = nullptr;
  --armed_;
}

void Timeouts::ScheduleAt(util::TimePoint when) {
  if (scheduled_ && *scheduled_ <= when) return;
  scheduled_ = when;
  schedule_(when);
}

void Timeouts::Arm(TimeoutListener& listener, util::Milliseconds length, util::TimePoint now) {
  if (listener.list_ != nullptr) Unlink(listener);
  listener.deadline_ = now + length;
  Append(ListOf(length), listener);
  ScheduleAt(listener.deadline_);
}

void Timeouts::Disarm(TimeoutListener& listener) {
  if (listener.list_ != nullptr) Unlink(listener);
}

void Timeouts::Expire(util::TimePoint now) {
  scheduled_.reset();
  // By index, and from the front each time: a callback may add lists and disarm or destroy any entry.
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    List& list = *lists_[i];
    // What is armed meanwhile stands behind this one; a timeout of no length would otherwise never end.
    TimeoutListener* const last = list.last;
    bool is_last = false;
    while (!is_last && list.first != nullptr && list.first->deadline_ <= now) {
      TimeoutListener& due = *list.first;
      is_last = &due == last;
      Unlink(due);
      due.OnTimeout();
    }
  }
  for (const std::unique_ptr<List>& list : lists_) {
    if (list->first != nullptr) ScheduleAt(list->first->deadline_);
  }
}

}  // namespace colmeia::loop
