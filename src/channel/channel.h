// A Channel sends and receives messages, with descriptors, over one end of a SOCK_SEQPACKET socketpair. Both the master
// and its children use it, one for each child.
//
// It judges frames alone. Which message may come when, the supervisor and the worker judge.
//
// 1. A message is never dropped and never overtaken: what the socket does not take now is queued.
// 2. A peer whose frame is malformed in any way (size, version, type, fields, sequence, reply to nothing, count of
//    descriptors) is broken: the channel closes, and whatever descriptors came with that frame are closed.
// 3. OnClosed comes exactly once, after every message that the peer managed to send, and never out of Send or a
//    destructor.
// 4. Callbacks out of the loop are the last thing a function does: the listener may destroy the channel inside
//    OnMessage and OnClosed.
//
//   channel::Channel channel(loop, std::move(end), listener);
//   std::uint32_t number = channel.Send(ipc::Lend{ipc::LentKind::kLog, 2, path}, {fd});   // fd is lent
//   ... listener.OnMessage(received) with received.in_reply_to == number
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "ipc/frame.h"
#include "ipc/messages.h"
#include "loop/poll.h"
#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::loop {
class Loop;
}

namespace colmeia::channel {

struct Received {
  ipc::Message message;
  std::vector<sys::UniqueFd> fds;  // exactly FdsOf(message)
  std::uint32_t sequence = 0;
  std::uint32_t in_reply_to = 0;  // 0, or what a Send of ours returned
};

// Seen from this end of the channel.
enum class Traffic : std::uint8_t {
  kSent,
  kReceived,
};

// A frame as the trace records it.
struct FrameInfo {
  ipc::MessageType type{};
  std::uint32_t sequence = 0;
  std::uint32_t in_reply_to = 0;
  std::size_t size = 0;  // bytes, header included
  int fds = 0;
  bool queued = false;                    // sent only: the socket was full, the frame waits its turn
  const ipc::Message* message = nullptr;  // lent for the call; for Describe()
  std::string_view bytes{};               // the whole frame; lent for the call
};

// What hears from a channel. It must outlive the channel, or destroy it.
class ChannelListener {
 public:
  virtual ~ChannelListener() = default;

  // May move from `received`, and may destroy the channel.
  virtual void OnMessage(Received& received) = 0;

  // The channel is of no more use. `why` is empty when the peer closed its end, otherwise a sentence about what was
  // wrong with it, without its name. May destroy the channel.
  virtual void OnClosed(std::string why) = 0;

  // Every frame, before OnMessage and inside Send. For recording only: must not touch the channel.
  virtual void OnTraffic(Traffic, const FrameInfo&) {}
};

class Channel {
 public:
  // `end` is made non-blocking. Both `loop` and `listener` must outlive the channel.
  Channel(loop::Loop& loop, sys::UniqueFd end, ChannelListener& listener);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Sends now or, when the socket is full, later, and returns the message's sequence number. `fds` are lent: the peer
  // gets duplicates, the caller keeps its own. To a peer that is gone nothing is sent; OnClosed tells. REQUIRES:
  // fds.size() == FdsOf(message).
  std::uint32_t Send(const ipc::Message& message, const std::vector<int>& fds = {}, std::uint32_t in_reply_to = 0);

  // False from the moment OnClosed is called.
  [[nodiscard]] bool open() const { return static_cast<bool>(fd_); }

  // Frames that wait for the socket to take them.
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }

 private:
  struct Outgoing {
    std::string bytes;
    std::vector<sys::UniqueFd> fds;  // duplicates
  };
  enum class Took { kAll, kNothing, kPeerGone };

  void OnPoll(int events);
  void Flush();
  void Watch();
  Took Transmit(std::string_view bytes, const std::vector<int>& fds);
  void StopSending(std::string why);
  Result<std::optional<Received>> Receive();
  Result<Received> Accept(std::string_view datagram, std::vector<sys::UniqueFd> fds);
  void CloseAndTell(std::string why);

  ChannelListener& listener_;  // outlives this
  sys::UniqueFd fd_;           // empty once closed
  loop::Poll poll_;            // declared after fd_, so that it stops before the descriptor closes
  std::deque<Outgoing> queue_;
  bool sending_ = true;         // false when the peer takes no more; what it said before is still read
  std::string why_stopped_;     // why sending ended for a reason of our own; empty = the peer's end will say
  std::uint32_t sent_ = 0;      // sequence number of the last message sent
  std::uint32_t received_ = 0;  // of the last message received
};

}  // namespace colmeia::channel
