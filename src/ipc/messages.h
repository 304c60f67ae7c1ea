// The messages between the master and its children, each declared once: its type, which descriptors travel with it, and
// its fields in wire order. Encoder, decoder, log line, trace and the table in src/ipc/README.md come from here.
//
// Down (master -> child): Adopt, Lend, Go, Release, Removed, Drain, Stop, Compile, Client.
// Up (child -> master): Hello, Ready, Draining, Done, Failed, Unusable, Compiled.
//
// What may come once comes once: a child that says anything out of its turn is broken, and its master ends it.
//
// A message has: kType, kName, kFds (exactly so many descriptors travel with it), kWay, Fields (its fields in wire
// order, for encoder, decoder and Describe) and kFieldNames (the same fields by name, separated by spaces). One with
// descriptors has kFdNames, too (what each of them is, in one word); where a field tells which one it is, kFdIs names
// that field, and where one tells what it is, kFdKind does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "util/clock.h"

namespace colmeia::ipc {

// Bump when any message changes its meaning or its fields: during an upgrade two versions talk to each other.
inline constexpr std::uint16_t kProtocolVersion = 1;

enum class MessageType : std::uint16_t {
  kHello = 1,      // up: I live, and speak this version
  kAdopt = 2,      // down: your seat, and the memory we share
  kLend = 3,       // down: a listening socket, a log file or a zone to use; again when it was opened anew
  kUnusable = 4,   // up: this listener's socket accepts no more
  kGo = 5,         // down: you have everything, start serving
  kReady = 6,      // up: I serve
  kRelease = 7,    // down: stop accepting from this listener and close it
  kDrain = 8,      // down: accept no more, finish what is open, leave
  kStop = 9,       // down: leave now
  kDraining = 10,  // up: I am draining, this many connections are open
  kDone = 11,      // up: the command with this sequence number is carried out
  kFailed = 12,    // up: I cannot go on, and why; the text is shown to the operator
  kCompile = 13,   // down, to a compiler child: read and check this configuration
  kCompiled = 14,  // up, from a compiler child: the outcome of it
  kClient = 15,    // down: a client that the master accepted
  kRemoved = 16,   // down: this listener ends with your generation, and the clients that wait there are yours
};

// Which way a message travels.
enum class Way : std::uint8_t {
  kDown,  // master -> child
  kUp,    // child -> master
};

// Which descriptor of Adopt is which.
enum AdoptFd : std::size_t { kConfigFd = 0, kScoreboardFd = 1, kTraceFd = 2 };

// First message of every child.
struct Hello {
  static constexpr auto kType = MessageType::kHello;
  static constexpr const char* kName = "Hello";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kUp;
  static constexpr std::string_view kFieldNames = "version pid";
  std::uint16_t version = kProtocolVersion;
  std::int32_t pid = 0;
  static constexpr auto Fields(auto& self, auto& f) { return f(self.version, self.pid); }
  bool operator==(const Hello&) const = default;
};

// Its seat, to a worker. Carries three sealed or shared memfds: configuration, scoreboard, trace (AdoptFd).
// `identity` is the encoded ipc::Identity (ipc/plan.h), resolved once while compiling: a worker asks no name service.
struct Adopt {
  static constexpr auto kType = MessageType::kAdopt;
  static constexpr const char* kName = "Adopt";
  static constexpr int kFds = 3;
  static constexpr std::string_view kFdNames = "configuration scoreboard trace";
  static constexpr auto kWay = Way::kDown;
  static constexpr std::string_view kFieldNames = "generation slot seat seats listeners logs zones holder identity";
  std::uint32_t generation = 0;
  std::uint32_t slot = 0;  // index in the scoreboard
  std::uint32_t seat = 0;  // index 0..seats-1 within the generation
  std::uint32_t seats = 0;
  std::uint32_t listeners = 0;  // how many Lend messages of each kind follow
  std::uint32_t logs = 0;
  std::uint32_t zones = 0;
  std::uint32_t holder = 0;  // by which number the worker is known in zones, and no other living process is
  std::string identity{};    // encoded Identity
  static constexpr auto Fields(auto& self, auto& f) {
    return f(self.generation, self.slot, self.seat, self.seats, self.listeners, self.logs, self.zones, self.holder,
             self.identity);
  }
  bool operator==(const Adopt&) const = default;
};

// What a Lend lends.
enum class LentKind : std::uint8_t {
  kListener = 1,  // a listening socket to accept from
  kLog = 2,       // a log file that was opened for appending
  kZone = 3,      // the memory of a zone
};
[[nodiscard]] constexpr std::string_view Word(LentKind kind) {
  switch (kind) {
    case LentKind::kListener:
      return "listener";
    case LentKind::kLog:
      return "log";
    case LentKind::kZone:
      return "zone";
  }
  return "?";
}

// A descriptor of which the worker gets a duplicate, and the master keeps the original. `ordinal` is its place in the
// plan's list of that kind, `name` what it is called there: the address of a listener, the path of a log. With
// `reuseport` a listener is this seat's own clone.
struct Lend {
  static constexpr auto kType = MessageType::kLend;
  static constexpr const char* kName = "Lend";
  static constexpr int kFds = 1;
  static constexpr std::string_view kFdNames = "lent";
  static constexpr std::string_view kFdKind = "kind";
  static constexpr std::string_view kFdIs = "name";
  static constexpr auto kWay = Way::kDown;
  static constexpr std::string_view kFieldNames = "kind ordinal name";
  LentKind kind = LentKind::kListener;
  std::uint32_t ordinal = 0;
  std::string name{};
  static constexpr auto Fields(auto& self, auto& f) { return f(self.kind, self.ordinal, self.name); }
  bool operator==(const Lend&) const = default;
};

struct Go {
  static constexpr auto kType = MessageType::kGo;
  static constexpr const char* kName = "Go";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kDown;
  static constexpr std::string_view kFieldNames = "";
  static constexpr auto Fields(auto&, auto& f) { return f(); }
  bool operator==(const Go&) const = default;
};

struct Ready {
  static constexpr auto kType = MessageType::kReady;
  static constexpr const char* kName = "Ready";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kUp;
  static constexpr std::string_view kFieldNames = "";
  static constexpr auto Fields(auto&, auto& f) { return f(); }
  bool operator==(const Ready&) const = default;
};

struct Release {
  static constexpr auto kType = MessageType::kRelease;
  static constexpr const char* kName = "Release";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kDown;
  static constexpr std::string_view kFieldNames = "ordinal";
  std::uint32_t ordinal = 0;
  static constexpr auto Fields(auto& self, auto& f) { return f(self.ordinal); }
  bool operator==(const Release&) const = default;
};

// Comes before Drain: no other process serves this listener any more, so a worker that drains takes the clients in the
// queues of its sockets before it closes them. Those of the other listeners it closes at once: others accept there.
struct Removed {
  static constexpr auto kType = MessageType::kRemoved;
  static constexpr const char* kName = "Removed";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kDown;
  static constexpr std::string_view kFieldNames = "ordinal";
  std::uint32_t ordinal = 0;
  static constexpr auto Fields(auto& self, auto& f) { return f(self.ordinal); }
  bool operator==(const Removed&) const = default;
};

struct Drain {
  static constexpr auto kType = MessageType::kDrain;
  static constexpr const char* kName = "Drain";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kDown;
  static constexpr std::string_view kFieldNames = "deadline";
  util::Milliseconds deadline{0};  // from now; 0 = no limit
  static constexpr auto Fields(auto& self, auto& f) { return f(self.deadline); }
  bool operator==(const Drain&) const = default;
};

struct Stop {
  static constexpr auto kType = MessageType::kStop;
  static constexpr const char* kName = "Stop";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kDown;
  static constexpr std::string_view kFieldNames = "deadline";
  util::Milliseconds deadline{0};  // from now until SIGKILL; for the worker's log only
  static constexpr auto Fields(auto& self, auto& f) { return f(self.deadline); }
  bool operator==(const Stop&) const = default;
};

struct Draining {
  static constexpr auto kType = MessageType::kDraining;
  static constexpr const char* kName = "Draining";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kUp;
  static constexpr std::string_view kFieldNames = "connections";
  std::uint32_t connections = 0;
  static constexpr auto Fields(auto& self, auto& f) { return f(self.connections); }
  bool operator==(const Draining&) const = default;
};

// Replies to the command whose sequence number stands in the frame's in-reply-to (Lend of a reopened log, Release, Client).
struct Done {
  static constexpr auto kType = MessageType::kDone;
  static constexpr const char* kName = "Done";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kUp;
  static constexpr std::string_view kFieldNames = "";
  static constexpr auto Fields(auto&, auto& f) { return f(); }
  bool operator==(const Done&) const = default;
};

struct Failed {
  static constexpr auto kType = MessageType::kFailed;
  static constexpr const char* kName = "Failed";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kUp;
  static constexpr std::string_view kFieldNames = "why";
  std::string why{};
  static constexpr auto Fields(auto& self, auto& f) { return f(self.why); }
  bool operator==(const Failed&) const = default;
};

// accept4(2) failed for good, with this errno: the socket has stopped listening, or the worker has lost it. Said once
// for each socket that came. The process that sent it looks at its own, and lends another one that takes its
// place.
struct Unusable {
  static constexpr auto kType = MessageType::kUnusable;
  static constexpr const char* kName = "Unusable";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kUp;
  static constexpr std::string_view kFieldNames = "ordinal code";
  std::uint32_t ordinal = 0;
  std::int32_t code = 0;
  static constexpr auto Fields(auto& self, auto& f) { return f(self.ordinal, self.code); }
  bool operator==(const Unusable&) const = default;
};

// What the command line said, for a compiler child. Paths as given, not resolved; working directory inherited.
struct Compile {
  static constexpr auto kType = MessageType::kCompile;
  static constexpr const char* kName = "Compile";
  static constexpr int kFds = 0;
  static constexpr auto kWay = Way::kDown;
  static constexpr std::string_view kFieldNames = "prefix conf error_log directives";
  std::string prefix{};      // -p
  std::string conf{};        // -c
  std::string error_log{};   // -e
  std::string directives{};  // -g
  static constexpr auto Fields(auto& self, auto& f) {
    return f(self.prefix, self.conf, self.error_log, self.directives);
  }
  bool operator==(const Compile&) const = default;
};

// Two sealed memfds: the expanded text (config::Source, serialised) and the encoded ipc::Plan. When `ok` is false the
// text is the diagnostics for the operator, and the plan is empty.
struct Compiled {
  static constexpr auto kType = MessageType::kCompiled;
  static constexpr const char* kName = "Compiled";
  static constexpr int kFds = 2;
  static constexpr std::string_view kFdNames = "text plan";
  static constexpr auto kWay = Way::kUp;
  static constexpr std::string_view kFieldNames = "ok";
  bool ok = false;
  static constexpr auto Fields(auto& self, auto& f) { return f(self.ok); }
  bool operator==(const Compiled&) const = default;
};

// A client's connection (`accept_by handoff`). `ordinal` is the listener that it came through, `peer` the bytes of its
// sockaddr. The master keeps its own duplicate until Done says that the worker has taken it, and gives it to another
// one when the worker ends before; so Done is said before the first byte is read.
struct Client {
  static constexpr auto kType = MessageType::kClient;
  static constexpr const char* kName = "Client";
  static constexpr int kFds = 1;
  static constexpr std::string_view kFdNames = "client";
  static constexpr auto kWay = Way::kDown;
  static constexpr std::string_view kFieldNames = "ordinal peer";
  std::uint32_t ordinal = 0;
  std::string peer{};
  static constexpr auto Fields(auto& self, auto& f) { return f(self.ordinal, self.peer); }
  bool operator==(const Client&) const = default;
};

using Message = std::variant<Hello, Adopt, Lend, Unusable, Go, Ready, Release, Drain, Stop, Draining, Done, Failed,
                             Compile, Compiled, Client, Removed>;

}  // namespace colmeia::ipc
