// A frame: one message with its header, as it travels in one datagram of a channel. Descriptors travel beside it.
//
// Bytes in, bytes out; the socket, the order of sequence numbers and the count of descriptors are the channel's
// business (channel/channel.h). The layout is described in src/ipc/README.md.
//
//   std::string datagram = EncodeFrame(Drain{.deadline = 5s}, /*sequence=*/7, /*in_reply_to=*/0);
//   Result<Frame> frame = DecodeFrame(datagram);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/messages.h"
#include "util/result.h"

namespace colmeia::ipc {

inline constexpr std::uint32_t kFrameMagic = 0x6d6c6f63;  // the bytes "colm"
inline constexpr std::size_t kFrameHeaderSize = 20;
inline constexpr std::size_t kMaxFrameSize = 64 * 1024;  // header included
inline constexpr int kMaxFrameFds = 3;                   // the most that any message carries

// The first 8 bytes of a frame (magic, version, type) and the first 6 of a Hello (version, pid) keep their place in
// every version of the protocol, so that a peer of another version can be named.
struct FrameHeader {
  std::uint32_t magic = kFrameMagic;
  std::uint16_t version = kProtocolVersion;
  MessageType type{};
  std::uint32_t sequence = 0;     // of this direction of this channel, from 1, strictly increasing
  std::uint32_t in_reply_to = 0;  // sequence number of the peer's message that this one answers; 0 = none
  std::uint32_t length = 0;       // of the whole frame: must be the datagram's size
  static constexpr auto Fields(auto& self, auto& f) {
    return f(self.magic, self.version, self.type, self.sequence, self.in_reply_to, self.length);
  }
  bool operator==(const FrameHeader&) const = default;
};

struct Frame {
  FrameHeader header;
  Message message;
};

// The frame's bytes. They may exceed kMaxFrameSize; the sender must refuse them then.
[[nodiscard]] std::string EncodeFrame(const Message& message, std::uint32_t sequence, std::uint32_t in_reply_to = 0);

// Fails, with what is wrong in words, unless the bytes are one whole frame of our version with a known type.
[[nodiscard]] Result<Frame> DecodeFrame(std::string_view datagram);

// What is declared about a message, as data.
struct MessageInfo {
  MessageType type;
  std::string_view name;  // "Drain"
  Way way;
  int fds;                    // exactly so many descriptors travel with it
  std::string_view fields;    // names in wire order, separated by spaces
  std::string_view fd_names;  // what each descriptor is, separated by spaces: "configuration scoreboard trace"
  std::string_view fd_kind;   // the field that tells what the descriptor is, "kind"; empty when none does
  std::string_view fd_is;     // the field that tells which one the descriptor is, "name"; empty when none does
};

// Every declared message, by ascending type.
[[nodiscard]] std::span<const MessageInfo> Messages();

// Nothing is known of an undeclared type: null.
[[nodiscard]] const MessageInfo* FindMessage(MessageType type);

[[nodiscard]] MessageType TypeOf(const Message& message);
[[nodiscard]] std::string_view NameOf(MessageType type);  // "?" when undeclared
[[nodiscard]] int FdsOf(const Message& message);

// One line for logs and the trace: "Drain deadline=5000ms", "Failed why=\"no such user\"". Strings that are not text
// are shown by their size, long ones are cut.
[[nodiscard]] std::string Describe(const Message& message);

// What travelled beside a message of which `described` is what Describe said: "scoreboard", "log logs/error.log". In
// the order in which they travelled; empty when none did or the message is unknown. What Describe cut stays cut, and
// what it escaped stays escaped.
[[nodiscard]] std::vector<std::string> DescribeFds(std::string_view described);

}  // namespace colmeia::ipc
