#include "worker/connections.h"

#include <new>
#include <utility>

#include "util/check.h"

namespace colmeia::worker {

using http1::Connection;

void Connections::List::Append(Connection& connection) {
  connection.previous = last;
  connection.next = nullptr;
  (last != nullptr ? last->next : first) = &connection;
  last = &connection;
  ++size;
}

void Connections::List::Unlink(Connection& connection) {
  (connection.previous != nullptr ? connection.previous->next : first) = connection.next;
  (connection.next != nullptr ? connection.next->previous : last) = connection.previous;
  --size;
}

Connections::Connections(loop::Loop& loop, loop::PollPool& polls, pipeline::Services& services,
                         scoreboard::SlotWriter counts, std::size_t limit)
    : counts_(counts), shared_(loop, polls, services, counts, *this), limit_(limit) {
  CHECK(limit > 0);
}

Connections::~Connections() {
  on_room = nullptr;
  on_empty = nullptr;
  CloseAll();
}

Connections::Cell* Connections::TakeCell() {
  if (free_ == nullptr) {
    blocks_.push_back(std::make_unique<Cell[]>(kCellsPerBlock));
    Cell* const block = blocks_.back().get();
    for (std::size_t i = kCellsPerBlock; i-- > 0;) {
      block[i].next = free_;
      free_ = &block[i];
    }
  }
  return std::exchange(free_, free_->next);
}

bool Connections::MakeRoom() {
  // An idle one may have a request waiting, and then it is answered first and may outlive this.
  while (size_ >= limit_ && idle_.first != nullptr) idle_.first->Evict();
  if (size_ < limit_) return true;
  room_wanted_ = true;
  return false;
}

void Connections::Add(const http1::Listener& listener, sys::UniqueFd fd, const sys::Address& peer) {
  CHECK(size_ < limit_);
  Cell* const cell = TakeCell();
  auto* const connection = new (cell->memory) Connection(shared_, listener, std::move(fd), peer, next_number_++);
  ++size_;
  busy_.Append(*connection);
  counts_.Add(scoreboard::Total::kHandled);
  connection->Open();
}

void Connections::OnIdle(Connection& connection) {
  busy_.Unlink(connection);
  idle_.Append(connection);
}

void Connections::OnBusy(Connection& connection) {
  idle_.Unlink(connection);
  busy_.Append(connection);
}

void Connections::Remove(Connection& connection) {
  busy_.Unlink(connection);
  --size_;
  auto* const cell = reinterpret_cast<Cell*>(&connection);
  connection.~Connection();
  cell->next = free_;
  free_ = cell;

  const bool is_empty = size_ == 0;
  if (std::exchange(room_wanted_, false) && on_room) on_room();
  if (is_empty && on_empty) on_empty();
}

void Connections::Drain() {
  shared_.draining = true;
  // Each of them may go while it is asked, but no other one does, and idle ones that stay become no others' neighbours:
  // so the walk keeps its place by the next one. Those that change lists meanwhile only ever move to the end of busy_.
  for (List* const list : {&idle_, &busy_}) {
    std::size_t left = list->size;
    for (Connection* at = list->first; at != nullptr && left > 0; --left) {
      Connection& asked = *at;
      at = at->next;
      asked.Drain();
    }
  }
  if (size_ == 0 && on_empty) on_empty();
}

void Connections::CloseAll() {
  while (idle_.first != nullptr) idle_.first->Abort();
  while (busy_.first != nullptr) busy_.first->Abort();
}

}  // namespace colmeia::worker
