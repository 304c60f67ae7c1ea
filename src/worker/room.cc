#include "worker/room.h"

#include <algorithm>
#include <utility>

#include "util/check.h"

namespace colmeia::worker {

Room::Room(std::size_t limit) : limit_(limit) { CHECK(limit > 0); }

// At the end, but silent ones in the order of their opening: an empty line does not make one younger.
void Room::Insert(Session& one) {
  List& list = ListOf(one.standing());
  Session* before = list.last();
  if (one.standing() == Standing::kSilent) {
    while (before != nullptr && before->opened() > one.opened()) before = List::Previous(*before);
  }
  list.InsertBehind(before, one);
}

void Room::Add(Session& one) {
  CHECK(size_ < limit_);
  ++size_;
  least_patience_ = std::min(least_patience_, one.patience());
  Insert(one);
}

void Room::Moved(Session& one, Standing before) {
  ListOf(before).Remove(one);
  Insert(one);
  if (wanted_ && one.standing() != Standing::kBusy && one.standing() != Standing::kSilent) Tell();
}

void Room::Remove(Session& one) {
  ListOf(one.standing()).Remove(one);
  --size_;
  if (wanted_) Tell();
}

bool Room::Make(util::TimePoint now) {
  if (size_ < limit_ && !scarce_) return true;
  if (size_ >= limit_) {
    // One may have a request waiting, and then it is answered first and may outlive this.
    bool made = true;
    while (size_ >= limit_ && made) made = EvictOne(now);
    Short(Shortage::kConnections, made);
    if (!made) return false;
  }
  // Without a connection there is nobody to wait for.
  if (!scarce_ || size_ == 0) return true;
  if (!is_scarce || !is_scarce()) {
    scarce_ = false;
    return true;
  }
  bool made = true;
  while (made && is_scarce()) made = EvictOne(now);
  Short(Shortage::kDescriptors, made);
  return made || size_ == 0;
}

bool Room::FreeDescriptor(util::TimePoint now) {
  scarce_ = true;
  const bool made = EvictOne(now);
  Short(Shortage::kDescriptors, made);
  return made;
}

bool Room::EvictOne(util::TimePoint now) {
  Session* const victim = Victim(now);
  if (victim == nullptr) {
    wanted_ = true;
    return false;
  }
  victim->Evict();
  return true;
}

Room::Session* Room::Victim(util::TimePoint now) const {
  // Nobody behind one that is younger than the least patience has lost its own.
  for (Session* one = list(Standing::kSilent).first(); one != nullptr; one = List::Next(*one)) {
    const util::Duration age = now - one->opened();
    if (age < least_patience_) break;
    if (age >= one->patience()) return one;
  }
  Session* const idle = list(Standing::kIdle).first();
  return idle != nullptr ? idle : list(Standing::kUnwanted).first();
}

std::optional<util::TimePoint> Room::NextChance() const {
  std::optional<util::TimePoint> next;
  for (const Session* one = list(Standing::kSilent).first(); one != nullptr; one = List::Next(*one)) {
    if (next && one->opened() + least_patience_ >= *next) break;
    const util::TimePoint when = one->opened() + one->patience();
    if (!next || when < *next) next = when;
  }
  return next;
}

void Room::Chance() {
  if (wanted_) Tell();
}

void Room::Tell() {
  wanted_ = false;
  if (on_room) on_room();
}

void Room::Short(Shortage what, bool made) const {
  if (on_short) on_short(what, made);
}

}  // namespace colmeia::worker
