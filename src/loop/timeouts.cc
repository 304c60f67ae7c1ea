#include "loop/timeouts.h"

#include <utility>

#include "util/check.h"

namespace colmeia::loop {

struct TimeoutListener::List {
  explicit List(util::Milliseconds its_length) : length(its_length) {}

  util::Milliseconds length;
  util::IntrusiveList<TimeoutListener, &TimeoutListener::link_> listeners;  // in the order of their deadlines
};

Timeouts::Timeouts(Schedule schedule) : schedule_(std::move(schedule)) {}

Timeouts::~Timeouts() { CHECK(armed() == 0); }

Timeouts::List& Timeouts::ListOf(util::Milliseconds length) {
  for (const std::unique_ptr<List>& list : lists_) {
    if (list->length == length) return *list;
  }
  lists_.push_back(std::make_unique<List>(length));
  return *lists_.back();
}

void Timeouts::Unlink(TimeoutListener& listener) {
  listener.list_->listeners.Remove(listener);
  listener.list_ = nullptr;
}

std::size_t Timeouts::armed() const {
  std::size_t sum = 0;
  for (const std::unique_ptr<List>& list : lists_) sum += list->listeners.size();
  return sum;
}

void Timeouts::ScheduleAt(util::TimePoint when) {
  if (scheduled_ && *scheduled_ <= when) return;
  scheduled_ = when;
  schedule_(when);
}

void Timeouts::Arm(TimeoutListener& listener, util::Milliseconds length, util::TimePoint now) {
  if (listener.list_ != nullptr) Unlink(listener);
  listener.deadline_ = now + length;
  List& list = ListOf(length);
  list.listeners.PushBack(listener);
  listener.list_ = &list;
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
    TimeoutListener* const last = list.listeners.last();
    bool is_last = false;
    while (!is_last && !list.listeners.empty() && list.listeners.first()->deadline_ <= now) {
      TimeoutListener& due = *list.listeners.first();
      is_last = &due == last;
      Unlink(due);
      due.OnTimeout();
    }
  }
  for (const std::unique_ptr<List>& list : lists_) {
    if (!list->listeners.empty()) ScheduleAt(list->listeners.first()->deadline_);
  }
}

}  // namespace colmeia::loop
