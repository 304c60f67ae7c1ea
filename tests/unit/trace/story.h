// A small reload as events: an order, a compiler, one new worker, one old one that drains.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "trace/event.h"
#include "trace/party.h"

namespace colmeia::trace {

// Numbers events and gives each its time: 100 us apart, from 12:00:00.5 on the first day of 2026.
class Teller {
 public:
  std::uint64_t Add(Event event) {
    event.sequence = next_++;
    event.monotonic_ns = 5'000'000'000 + event.sequence * 100'000;
    event.wall_ns = 1'767'268'800'500'000'000 + event.sequence * 100'000;
    events_.push_back(std::move(event));
    return events_.back().sequence;
  }
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }

 private:
  std::uint64_t next_ = 1;
  std::vector<Event> events_;
};

inline constexpr Party kOldWorker{Peer::kWorker, 0, 0, 1, 100};
inline constexpr Party kNewWorker{Peer::kWorker, 1, 0, 2, 200};
inline constexpr Party kSomeCompiler{Peer::kCompiler, kNoSlot, kNoSeat, 2, 150};

inline Event MessageOf(EventKind kind, const Party& party, std::uint64_t cause, std::string text, std::uint32_t number,
                       std::uint8_t fds = 0, std::uint32_t in_reply_to = 0) {
  Event event = EventOf(kind, party, cause, std::move(text));
  event.message_type = 1;
  event.frame_sequence = number;
  event.in_reply_to = in_reply_to;
  event.size = 20;
  event.fds = fds;
  return event;
}

inline std::vector<Event> AReload() {
  Teller story;
  story.Add(EventOf(EventKind::kHeartbeat, kOldWorker, 0, "missed"));  // 1, has nothing to do with it
  const auto order = story.Add({.kind = EventKind::kCommand, .peer = Peer::kOperator, .pid = 77, .text = "reload"});
  story.Add({.kind = EventKind::kGeneration, .generation = 2, .cause = order, .text = "begun"});
  const auto compiler = story.Add(EventOf(EventKind::kSpawn, kSomeCompiler, order, "compiler"));
  const auto hello = story.Add(MessageOf(EventKind::kReceive, kSomeCompiler, compiler, "Hello version=1 pid=150", 1));
  const auto compile = story.Add(MessageOf(EventKind::kSend, kSomeCompiler, hello, "Compile conf=\"a;b#c.conf\"", 1));
  const auto compiled = story.Add(MessageOf(EventKind::kReceive, kSomeCompiler, compile, "Compiled ok=yes", 2, 2));
  story.Add({.kind = EventKind::kListener, .generation = 2, .cause = compiled, .text = "opened 1"});
  const auto spawn = story.Add(EventOf(EventKind::kSpawn, kNewWorker, compiled, "worker 0"));
  story.Add(EventOf(EventKind::kState, kNewWorker, spawn, "starting"));
  const auto born = story.Add(MessageOf(EventKind::kReceive, kNewWorker, spawn, "Hello version=1 pid=200", 1));
  story.Add(MessageOf(EventKind::kSend, kNewWorker, born, "Adopt generation=2 slot=1", 1, 3));
  const auto go = story.Add(MessageOf(EventKind::kSend, kNewWorker, born, "Go", 2));
  const auto ready = story.Add(MessageOf(EventKind::kReceive, kNewWorker, go, "Ready", 2));
  story.Add(EventOf(EventKind::kState, kNewWorker, ready, "ready"));
  story.Add({.kind = EventKind::kGeneration, .generation = 2, .cause = ready, .text = "current"});
  story.Add({.kind = EventKind::kReply,
             .peer = Peer::kOperator,
             .cause = ready,
             .text = "generation 2 serves with 1 worker, generation 1 drains"});
  const auto drain = story.Add(MessageOf(EventKind::kSend, kOldWorker, ready, "Drain deadline=0ms", 7));
  story.Add(EventOf(EventKind::kState, kOldWorker, drain, "draining"));
  const auto draining = story.Add(MessageOf(EventKind::kReceive, kOldWorker, drain, "Draining connections=0", 4));
  story.Add(EventOf(EventKind::kClosed, kOldWorker, draining, ""));
  const auto exit = story.Add(EventOf(EventKind::kExit, kOldWorker, draining, "exited with code 0"));
  story.Add(EventOf(EventKind::kState, kOldWorker, exit, "empty"));
  story.Add(
      {.kind = EventKind::kSignal, .peer = Peer::kOperator, .pid = 78, .text = "signal 10 (SIGUSR1)"});  // and this
  return story.events();
}

}  // namespace colmeia::trace
