#include "worker/connections.h"

#include <new>
#include <utility>

#include "transport/transport.h"
#include "util/check.h"

namespace colmeia::worker {

Connections::Connections(loop::Loop& loop, loop::PollPool& polls, pipeline::Services& services,
                         scoreboard::SlotWriter counts, std::size_t limit)
    : counts_(counts),
      shared_(loop, polls, services, counts, *this),
      room_(limit),
      chance_(loop, [this] { room_.Chance(); }) {
  room_.on_room = [this] {
    chance_.Stop();
    if (on_room) on_room();
  };
  room_.on_short = [this](Shortage what, bool made) {
    if (on_short) on_short(what, made);
  };
  room_.is_scarce = [this] { return descriptors_.AreScarce(); };
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

bool Connections::MakeRoom() { return Await(room_.Make(shared_.loop.Now())); }

bool Connections::FreeDescriptor() { return Await(room_.FreeDescriptor(shared_.loop.Now())); }

bool Connections::Await(bool made) {
  if (made) return true;
  if (const auto when = room_.NextChance()) chance_.StartAt(*when);
  return false;
}

void Connections::Add(const session::Listener& listener, sys::UniqueFd fd, const sys::Address& peer) {
  CHECK(size() < limit());
  if (descriptors_.IsAmongTheLast(fd.get())) room_.NoteScarce();
  Cell* const cell = TakeCell();
  auto* const connection = new (cell->memory)
      http1::Connection(shared_, listener, transport::Transport(std::move(fd), peer), next_number_++);
  room_.Add(*connection);
  counts_.Add(scoreboard::Total::kHandled);
  connection->Open();
}

void Connections::OnStanding(session::Session& session, session::Standing before) { room_.Moved(session, before); }

void Connections::Remove(session::Session& session) {
  room_.Remove(session);
  auto* const cell = static_cast<Cell*>(dynamic_cast<void*>(&session));  // where the whole of it begins
  session.~Session();
  cell->next = free_;
  free_ = cell;

  if (size() == 0 && on_empty) on_empty();
}

void Connections::Drain() {
  shared_.draining = true;
  // Each of them may go while it is asked, but no other one does, and those that stay become no others' neighbours: so
  // the walk keeps its place by the next one. Those that change lists meanwhile move to the end of another one.
  for (const session::Standing standing :
       {session::Standing::kSilent, session::Standing::kIdle, session::Standing::kUnwanted, session::Standing::kBusy}) {
    const Room::List& list = room_.list(standing);
    std::size_t left = list.size();
    for (session::Session* at = list.first(); at != nullptr && left > 0; --left) {
      session::Session& asked = *at;
      at = Room::List::Next(*at);
      asked.Drain();
    }
  }
  if (size() == 0 && on_empty) on_empty();
}

void Connections::CloseAll() {
  for (const session::Standing standing :
       {session::Standing::kSilent, session::Standing::kIdle, session::Standing::kUnwanted, session::Standing::kBusy}) {
    const Room::List& list = room_.list(standing);
    while (!list.empty()) list.first()->Abort();
  }
}

}  // namespace colmeia::worker
