// SocketAcceptor: what all acceptors that have listening sockets of their own to wait for have in common: the sockets,
// taking clients one by one, and the pauses when there is no room.
//
// A socket that belongs to this seat alone (`reuseport`) is waited for with a plain poll: the kernel has chosen this
// worker already. How one is waited for that workers share, each kind says by its own Watch.
//
// At the end, a removed listener is emptied: each client that waits is taken, at once and whatever the kind is. Clients
// whose handshake is under way come a moment later (the master has turned away those that had not begun one), so a TCP
// socket is waited for during kLastCall and closed when no client is left.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "loop/poll.h"
#include "loop/timer.h"
#include "util/seldom.h"
#include "worker/acceptor.h"

namespace colmeia::worker {

// Waits for clients of one listening socket. What it calls back may start and stop it, and does not destroy it.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual void Start() = 0;
  virtual void Stop() = 0;
  // A client was taken from the socket, and nothing was done for it yet.
  virtual void OnAccepted() {}
};

// Calls back as long as a client is in the queue.
class PlainWatch final : public Watch {
 public:
  PlainWatch(loop::Loop& loop, int fd, std::function<void()> on_readable)
      : poll_(loop, fd, [on_readable = std::move(on_readable)](int) { on_readable(); }) {}
  void Start() override { poll_.Start(loop::kReadable); }
  void Stop() override { poll_.Stop(); }

 private:
  loop::Poll poll_;
};

class SocketAcceptor : public Acceptor {
 public:
  // How long no one is accepted once descriptors or memory have run out.
  static constexpr util::Milliseconds kPause{500};
  // How long a removed TCP listener stays open: a handshake takes one way to the client and back.
  static constexpr util::Milliseconds kLastCall{300};

  ~SocketAcceptor() override;

  void Add(std::uint32_t ordinal, sys::UniqueFd fd, const session::Listener& listener) override;
  void Start() override;
  void Release(std::uint32_t ordinal) override;
  void Removed(std::uint32_t ordinal) override;
  void Drain() override;
  void Stop() override;
  void OnRoom() override;
  [[nodiscard]] std::size_t listeners() const override { return entries_.size(); }

  [[nodiscard]] bool paused() const { return state_ == State::kNoRoom || state_ == State::kNoDescriptors; }

 protected:
  explicit SocketAcceptor(const AcceptorParts& parts);

  // For a socket that other workers wait for, too. `fd` stays open as long as the watch lives.
  virtual std::unique_ptr<Watch> WatchShared(int fd, std::function<void()> on_readable) = 0;

  // Must be called by the destructor of every kind whose watches refer to it.
  void DropAll();

  AcceptorParts parts_;

 private:
  struct Entry;

  enum class State {
    kStopped,        // not started yet, or stopped for good
    kAccepting,      // waits on every socket
    kNoRoom,         // waits for OnRoom()
    kNoDescriptors,  // waits for the timer, or OnRoom()
  };

  // What one attempt to accept means for the loop around it.
  enum class Took {
    kClient,   // one was accepted, or had gone again
    kNothing,  // no client waits
    kPaused,   // accepting had to pause
    kBroken,   // the socket is unusable
  };

  [[nodiscard]] static bool IsUnix(const Entry& entry);
  [[nodiscard]] bool IsOwn(const site::ListenSocket& socket) const;
  void OnReadable(Entry& entry);
  [[nodiscard]] Took TakeOne(Entry& entry);
  [[nodiscard]] Took TakeAll(Entry& entry);
  void EmptyRemoved();
  void Pause(State why);
  void Resume();

  State state_ = State::kStopped;
  bool draining_ = false;   // what is left are removed listeners, to be closed when they are empty
  bool was_short_ = false;  // of descriptors, when last accepting
  util::Seldom short_{std::chrono::minutes(1)};
  std::vector<std::unique_ptr<Entry>> entries_;
  loop::Timer pause_;      // the end of a pause for want of descriptors
  loop::Timer last_call_;  // active while a client may be on the way to a removed listener
  loop::Timer resume_;     // from OnRoom() to the next turn: accepting is no part of another connection's callback
};

}  // namespace colmeia::worker
