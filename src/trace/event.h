// One coordination event, as a plain value: what happened between the master and another process, when, and because of
// what.
//
// The ring (trace/ring.h) keeps them; the views (json.h, text.h, mermaid.h, chrome.h, hex.h) are functions of them and
// know nothing of the ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace colmeia::trace {

// What kind of thing happened. Numbers are part of the ring's layout: append only.
enum class EventKind : std::uint16_t {
  kSpawn = 1,        // a child was started
  kExit = 2,         // a child ended and was reaped
  kSend = 3,         // a message left the master
  kReceive = 4,      // a message reached the master
  kClosed = 5,       // a channel closed
  kSignal = 6,       // the master got a signal
  kKill = 7,         // the master sent a signal
  kState = 8,        // a slot changed its state
  kServer = 9,       // the server changed its state
  kGeneration = 10,  // a generation began, became current or was given up
  kCommand = 11,     // someone asked for something (-s, the control socket)
  kReply = 12,       // and was answered
  kListener = 13,    // a listening socket was opened, lent or closed
  kLog = 14,         // a log file was opened or reopened
  kDeadline = 15,    // a time set by the master came
  kHeartbeat = 16,   // a worker's heartbeat was missed or came back
  kRecycle = 17,     // a worker has served long enough, or has grown too large
};
[[nodiscard]] std::string_view KindName(EventKind kind);  // "spawn"; "?" when unknown
[[nodiscard]] std::optional<EventKind> ParseKind(std::string_view name);

// The other side of an event. Numbers are part of the ring's layout: append only.
enum class Peer : std::uint8_t {
  kNone = 0,       // none: the master itself
  kOperator = 1,   // sends requests and signals: a person, a script, a service manager
  kCompiler = 2,   // the child that compiles a configuration
  kWorker = 3,     // a child that serves
  kSuccessor = 4,  // a new binary's master
};
[[nodiscard]] std::string_view PeerName(Peer peer);  // "worker"; "master" for kNone
[[nodiscard]] std::optional<Peer> ParsePeer(std::string_view name);

// The texts of the kGeneration events that begin and end a reload; after "rejected" it says why.
inline constexpr std::string_view kGenerationBegun = "begun";
inline constexpr std::string_view kGenerationServes = "serves";
inline constexpr std::string_view kGenerationRejected = "rejected";

inline constexpr std::uint32_t kNoSlot = 0xffffffff;
inline constexpr std::uint32_t kNoSeat = 0xffffffff;

struct Event {
  EventKind kind{};
  Peer peer = Peer::kNone;
  std::uint32_t slot = kNoSlot;
  std::uint32_t seat = kNoSeat;      // within its generation
  std::uint32_t generation = 0;      // 0 = none
  std::int32_t pid = 0;              // of the process it is about; 0 = none
  std::uint16_t message_type = 0;    // ipc::MessageType; 0 = none
  std::uint32_t frame_sequence = 0;  // of the message in its direction of its channel
  std::uint32_t in_reply_to = 0;     // frame_sequence of the message that it answers; 0 = none
  std::uint32_t size = 0;            // of the frame, in bytes
  std::uint8_t fds = 0;              // descriptors that travelled with it
  std::uint64_t cause = 0;           // number of the event that led to this one; 0 = none known
  std::string text{};                // for messages ipc::Describe: the message's name comes first

  // Filled in by the ring.
  std::uint64_t sequence = 0;      // from 1, without gaps
  std::uint64_t monotonic_ns = 0;  // CLOCK_MONOTONIC
  std::uint64_t wall_ns = 0;       // CLOCK_REALTIME
  std::uint64_t frame_at = 0;      // where the ring keeps the frame's bytes; 0 = it does not

  bool operator==(const Event&) const = default;
};

// Whether something passed between two processes (a message, a signal, an order, its answer, a birth, a death), and
// which way. What the master only noted down has no ways.
enum class Direction : std::uint8_t {
  kNone,
  kOut,  // master -> peer
  kIn,   // peer -> master
};
[[nodiscard]] Direction DirectionOf(const Event& event);

[[nodiscard]] constexpr bool IsMessage(const Event& event) {
  return event.kind == EventKind::kSend || event.kind == EventKind::kReceive;
}

// "Drain"; empty when the event is no message.
[[nodiscard]] std::string_view MessageName(const Event& event);

// The descriptors that travelled with a message, by name, in their order: "scoreboard", "log logs/error.log". Numbered
// when the message is not known.
[[nodiscard]] std::vector<std::string> DescriptorNames(const Event& event);

// The same in words, to come behind a message: " + 1 descriptor: listener 127.0.0.1:80". Empty when there are none.
[[nodiscard]] std::string DescriptorText(const Event& event);

// The process that the event is about, as a person calls it: "worker 2", "compiler", "operator", "new master",
// "master".
[[nodiscard]] std::string ProcessName(const Event& event);

}  // namespace colmeia::trace
