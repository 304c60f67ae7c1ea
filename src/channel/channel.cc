#include "channel/channel.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "loop/loop.h"
#include "sys/error.h"
#include "util/check.h"

namespace colmeia::channel {
namespace {

// Of a Failed message, so that a long diagnostic never makes a frame that cannot be sent.
constexpr std::size_t kMaxWhy = 32 * 1024;

// Room for more descriptors than any message carries, so that most surpluses are seen and closed one by one; what
// exceeds even this the kernel closes, and says MSG_CTRUNC.
constexpr std::size_t kReceivableFds = 8;

// Whether sequence number `a` comes after `b`. Numbers go round after 2^32 messages, 0 left out (RFC 1982).
bool After(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) > 0; }

template <std::size_t kFdCount>
struct alignas(cmsghdr) Control {
  std::array<char, CMSG_SPACE(sizeof(int) * kFdCount)> bytes{};
};

// Makes UniqueFds of all descriptors that came with a datagram, first of all: from then on no way out leaks them.
std::vector<sys::UniqueFd> TakeDescriptors(msghdr& header) {
  std::vector<sys::UniqueFd> fds;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
      fds.emplace_back(fd);
    }
  }
  return fds;
}

std::vector<int> Lend(const std::vector<sys::UniqueFd>& owned) {
  std::vector<int> fds;
  for (const sys::UniqueFd& fd : owned) fds.push_back(fd.get());
  return fds;
}

}  // namespace

Channel::Channel(loop::Loop& loop, sys::UniqueFd end, ChannelListener& listener)
    : listener_(listener), fd_(std::move(end)), poll_(loop, fd_.get(), [this](int events) { OnPoll(events); }) {
  CHECK(fd_);
  Watch();
}

Channel::~Channel() { poll_.Stop(); }

std::uint32_t Channel::Send(const ipc::Message& message, const std::vector<int>& fds, std::uint32_t in_reply_to) {
  CHECK(static_cast<int>(fds.size()) == ipc::FdsOf(message));
  if (++sent_ == 0) ++sent_;
  const std::uint32_t sequence = sent_;
  if (!fd_ || !sending_) return sequence;

  std::string bytes;
  if (const auto* failed = std::get_if<ipc::Failed>(&message); failed != nullptr && failed->why.size() > kMaxWhy) {
    bytes = ipc::EncodeFrame(ipc::Failed{.why = failed->why.substr(0, kMaxWhy)}, sequence, in_reply_to);
  } else {
    bytes = ipc::EncodeFrame(message, sequence, in_reply_to);
  }
  const std::size_t size = bytes.size();
  std::string_view view = bytes;
  if (size > ipc::kMaxFrameSize) {
    StopSending(fmt::format("a {} message of {} bytes is longer than the allowed {}", ipc::NameOf(ipc::TypeOf(message)),
                            size, ipc::kMaxFrameSize));
    return sequence;
  }

  bool queued = false;
  if (!queue_.empty() || Transmit(bytes, fds) == Took::kNothing) {
    Outgoing waiting{std::move(bytes), {}};
    for (const int fd : fds) {
      Result<sys::UniqueFd> copy = sys::Duplicate(fd);
      if (!copy) {
        StopSending(copy.error().message);
        return sequence;
      }
      waiting.fds.push_back(std::move(*copy));
    }
    queue_.push_back(std::move(waiting));
    view = queue_.back().bytes;
    queued = true;
    Watch();
  }
  if (sending_) {
    listener_.OnTraffic(Traffic::kSent, {.type = ipc::TypeOf(message),
                                         .sequence = sequence,
                                         .in_reply_to = in_reply_to,
                                         .size = size,
                                         .fds = static_cast<int>(fds.size()),
                                         .queued = queued,
                                         .message = &message,
                                         .bytes = view});
  }
  return sequence;
}

// One message a call: the poll is level-triggered and calls again for the next one, and so nothing is left to do after
// the listener was told.
void Channel::OnPoll(int events) {
  Watch();  // an error on the socket has stopped the poll
  if ((events & loop::kWritable) != 0) Flush();
  if ((events & loop::kReadable) == 0) return;
  Result<std::optional<Received>> received = Receive();
  if (!received) return CloseAndTell(std::move(received.error().message));
  if (*received) listener_.OnMessage(**received);
}

void Channel::Flush() {
  while (sending_ && !queue_.empty()) {
    if (Transmit(queue_.front().bytes, Lend(queue_.front().fds)) != Took::kAll) break;
    queue_.pop_front();
  }
  Watch();
}

void Channel::Watch() { poll_.Start(loop::kReadable | (queue_.empty() ? 0 : loop::kWritable)); }

Channel::Took Channel::Transmit(std::string_view bytes, const std::vector<int>& fds) {
  CHECK(fds.size() <= ipc::kMaxFrameFds);
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  Control<ipc::kMaxFrameFds> control;
  if (!fds.empty()) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(rights), fds.data(), sizeof(int) * fds.size());
  }
  for (;;) {
    if (sendmsg(fd_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return Took::kAll;
    switch (errno) {
      case EINTR:
        continue;
      case EAGAIN:
        return Took::kNothing;
      case EPIPE:
      case ECONNRESET:
        StopSending({});
        return Took::kPeerGone;
      default:
        StopSending(sys::ErrnoError("cannot send on the channel").message);
        return Took::kPeerGone;
    }
  }
}

// The peer may have said why it left, so the channel stays readable to its end; shutting our side down brings that end
// about when the peer lives.
void Channel::StopSending(std::string why) {
  sending_ = false;
  queue_.clear();
  if (why.empty()) return;
  why_stopped_ = std::move(why);
  // In a sandbox, where only sending may be ended, the peer closes its end when it has read that.
  if (shutdown(fd_.get(), SHUT_RDWR) != 0) shutdown(fd_.get(), SHUT_WR);
}

// Nothing when there is nothing to read; an error when the channel is at its end.
Result<std::optional<Received>> Channel::Receive() {
  std::array<char, ipc::kMaxFrameSize + 1> buffer;
  for (;;) {
    iovec part{buffer.data(), buffer.size()};
    Control<kReceivableFds> control;
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    const ssize_t size = recvmsg(fd_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return std::nullopt;
      // A peer that leaves without having read all that we sent resets the channel. That is said once, before what the
      // peer itself still had to say.
      if (errno == ECONNRESET) continue;
      return sys::FailErrno("cannot receive on the channel");
    }
    std::vector<sys::UniqueFd> fds = TakeDescriptors(header);
    if (size == 0) return Fail(why_stopped_);  // empty: a plain end
    if ((header.msg_flags & MSG_CTRUNC) != 0) return Fail("descriptors of a message were lost on the way");
    Result<Received> received = Accept({buffer.data(), static_cast<std::size_t>(size)}, std::move(fds));
    if (!received) return tl::unexpected(std::move(received.error()));
    return std::optional<Received>(std::move(*received));
  }
}

// Everything that a frame must be, beside well-formed in itself.
Result<Received> Channel::Accept(std::string_view datagram, std::vector<sys::UniqueFd> fds) {
  Result<ipc::Frame> frame = ipc::DecodeFrame(datagram);
  if (!frame) return tl::unexpected(std::move(frame.error()));
  const ipc::FrameHeader& header = frame->header;
  const std::string_view name = ipc::NameOf(header.type);
  if (static_cast<int>(fds.size()) != ipc::FdsOf(frame->message)) {
    return Fail(fmt::format("a {} message came with {} descriptors instead of {}", name, fds.size(),
                            ipc::FdsOf(frame->message)));
  }
  if (!After(header.sequence, received_)) {
    return Fail(fmt::format("a {} message has the number {}, after {}", name, header.sequence, received_));
  }
  if (header.in_reply_to != 0 && After(header.in_reply_to, sent_)) {
    return Fail(fmt::format("a {} message replies to number {}, which was never sent", name, header.in_reply_to));
  }
  received_ = header.sequence;
  listener_.OnTraffic(Traffic::kReceived, {.type = header.type,
                                           .sequence = header.sequence,
                                           .in_reply_to = header.in_reply_to,
                                           .size = datagram.size(),
                                           .fds = static_cast<int>(fds.size()),
                                           .message = &frame->message,
                                           .bytes = datagram});
  return Received{std::move(frame->message), std::move(fds), header.sequence, header.in_reply_to};
}

void Channel::CloseAndTell(std::string why) {
  poll_.Stop();
  queue_.clear();
  fd_.reset();
  listener_.OnClosed(std::move(why));
}

}  // namespace colmeia::channel
