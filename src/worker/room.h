// Room: whether a worker has room for one more client, and which connection goes when it has not. The one place that
// knows that room is needed, for whatever reason:
//
// - worker_connections is reached;
// - descriptors run out: so few are left that files and the master's messages would go without;
// - a client waits since accepting paused for one of these.
//
// What goes, in this order, the longest in each first:
//
// 1. silent ones: no byte of a request has come, for longer than their patience (session/session.h);
// 2. idle ones, kept alive after an answer;
// 3. unwanted ones: all is answered, and the client still sends what is not read.
//
// One whose request is being read or answered never goes. When none can go, a client waits; then this says as soon as
// one can: a connection ended, became idle or unwanted, or has been silent for long enough.
//
// It knows neither loop nor clock: times are handed in, in order, and a caller with a timer asks for NextChance().
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>

#include "session/session.h"
#include "util/clock.h"
#include "util/intrusive_list.h"

namespace colmeia::worker {

// What there is too little of.
enum class Shortage { kConnections, kDescriptors };

class Room {
 public:
  using Session = session::Session;
  using Standing = session::Standing;

  // The longest member first.
  using List = util::IntrusiveList<Session, &Session::link>;

  // `limit` is worker_connections, at least 1.
  explicit Room(std::size_t limit);
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  // A new one, silent so far. They are handed in in the order of their opening. REQUIRES: size() < limit().
  void Add(Session& one);
  // Its standing is another one than `before`. May call on_room.
  void Moved(Session& one, Standing before);
  // It is gone. May call on_room.
  void Remove(Session& one);

  // Room for one more, after making others go if need be. False: a client waits from here on, until on_room. Tells
  // on_short of each shortage.
  [[nodiscard]] bool Make(util::TimePoint now);

  // So few descriptors are left that each newcomer needs another one to go: until is_scarce says otherwise.
  void NoteScarce() { scarce_ = true; }
  // A descriptor was wanted in vain. Makes one connection go; false when none can: then a client waits.
  [[nodiscard]] bool FreeDescriptor(util::TimePoint now);

  // While a client waits: when the silent one whose patience ends first can go. Nothing when none is silent.
  [[nodiscard]] std::optional<util::TimePoint> NextChance() const;
  // That time has come.
  void Chance();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] bool wanted() const { return wanted_; }
  [[nodiscard]] const List& list(Standing standing) const { return lists_[static_cast<std::size_t>(standing)]; }
  // Those that could go, now or soon.
  [[nodiscard]] std::size_t evictable() const { return size_ - list(Standing::kBusy).size(); }

  // A client waits, and one can go now, or has gone. Once for each Make() that was false. It is called amid a
  // connection's callback, and may touch no connection.
  std::function<void()> on_room;
  // There was too little of something, and `made` says whether a connection went for it.
  std::function<void(Shortage what, bool made)> on_short;
  // Whether descriptors are still scarce. Asked only after NoteScarce() or FreeDescriptor(), each time before and after
  // a connection goes.
  std::function<bool()> is_scarce;

 private:
  [[nodiscard]] List& ListOf(Standing standing) { return lists_[static_cast<std::size_t>(standing)]; }
  void Insert(Session& one);
  [[nodiscard]] Session* Victim(util::TimePoint now) const;
  // One goes; false: none can, and a client waits.
  [[nodiscard]] bool EvictOne(util::TimePoint now);
  void Tell();
  void Short(Shortage what, bool made) const;

  std::array<List, session::kStandings> lists_{};
  std::size_t limit_;
  std::size_t size_ = 0;
  util::Milliseconds least_patience_ = util::Milliseconds::max();  // of any that was ever here
  bool wanted_ = false;
  bool scarce_ = false;
};

}  // namespace colmeia::worker
