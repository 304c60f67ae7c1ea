#include "master/trace_recorder.h"

#include "ipc/frame.h"

namespace colmeia::master {
namespace {

using trace::EventKind;
using trace::EventOf;

// Most messages are never answered: only so many of the latest are remembered.
constexpr std::size_t kMostAsked = 64;

}  // namespace

// Workers are told apart by their slot, compilers by their generation.
TraceRecorder::Key TraceRecorder::KeyOf(const Party& party) {
  return {party.peer, party.peer == trace::Peer::kWorker ? party.slot : party.generation};
}

std::uint64_t TraceRecorder::Latest(const Party& party) const {
  const auto at = conversations_.find(KeyOf(party));
  return at == conversations_.end() ? 0 : at->second.latest;
}

void TraceRecorder::PayDeadline(std::uint64_t cause) {
  if (!deadline_came_) return;
  deadline_came_ = false;
  cause_ = writer_.Record({.kind = EventKind::kDeadline, .cause = cause});
}

void TraceRecorder::Because(std::uint64_t cause) {
  cause_ = cause;
  deadline_came_ = false;
}

std::uint64_t TraceRecorder::Heard(trace::Event event) {
  Because(writer_.Record(event));
  return cause_;
}

void TraceRecorder::ReloadBegins(std::uint32_t generation) {
  if (reload_asked_ != 0) Because(reload_asked_);
  reload_asked_ = 0;
  Noted({.kind = EventKind::kGeneration, .generation = generation, .text = std::string(trace::kGenerationBegun)});
}

void TraceRecorder::DeadlineCame() {
  Because(0);
  deadline_came_ = true;
}

void TraceRecorder::Noted(trace::Event event) {
  PayDeadline(0);
  event.cause = cause_;
  writer_.Record(event);
}

void TraceRecorder::State(const Party& party, std::string text) {
  PayDeadline(Latest(party));
  writer_.Record(EventOf(EventKind::kState, party, cause_, std::move(text)));
}

void TraceRecorder::Born(const Party& party, std::string text) {
  PayDeadline(0);
  conversations_[KeyOf(party)] = {.latest = writer_.Record(EventOf(EventKind::kSpawn, party, cause_, std::move(text))),
                                  .asked = {}};
}

void TraceRecorder::Frame(const Party& party, channel::Traffic traffic, const channel::FrameInfo& frame,
                          std::string_view note) {
  const bool sent = traffic == channel::Traffic::kSent;
  Conversation& conversation = conversations_[KeyOf(party)];
  if (sent) PayDeadline(conversation.latest);
  trace::Event event =
      EventOf(sent ? EventKind::kSend : EventKind::kReceive, party, sent ? cause_ : conversation.latest,
              frame.message != nullptr ? ipc::Describe(*frame.message) : std::string(ipc::NameOf(frame.type)));
  event.text += note;
  event.message_type = static_cast<std::uint16_t>(frame.type);
  event.frame_sequence = frame.sequence;
  event.in_reply_to = frame.in_reply_to;
  event.size = static_cast<std::uint32_t>(frame.size);
  event.fds = static_cast<std::uint8_t>(frame.fds);
  if (const auto asked = conversation.asked.find(frame.in_reply_to); !sent && asked != conversation.asked.end()) {
    event.cause = asked->second;
    conversation.asked.erase(asked);
  }
  const std::uint64_t number = writer_.Record(event, frame.bytes);
  if (frame.type == ipc::MessageType::kReady) {
    conversation.latest = 0;
  } else if (frame.type == ipc::MessageType::kDone) {
    // Of other things that were said meanwhile it says nothing.
    if (conversation.latest == event.cause) conversation.latest = 0;
  } else {
    conversation.latest = number;
  }
  if (sent) {
    conversation.asked[frame.sequence] = number;
    if (conversation.asked.size() > kMostAsked) conversation.asked.erase(conversation.asked.begin());
  } else {
    Because(number);
  }
}

void TraceRecorder::Said(const Party& party, std::string text) {
  Because(writer_.Record(EventOf(EventKind::kReceive, party, Latest(party), std::move(text))));
  conversations_[KeyOf(party)].latest = cause_;
}

void TraceRecorder::Killed(const Party& party, std::string text) {
  PayDeadline(Latest(party));
  conversations_[KeyOf(party)].latest = writer_.Record(EventOf(EventKind::kKill, party, cause_, std::move(text)));
}

void TraceRecorder::Closed(const Party& party, std::string why) {
  Because(writer_.Record(EventOf(EventKind::kClosed, party, Latest(party), std::move(why))));
}

void TraceRecorder::Ended(const Party& party, std::string text) {
  Because(writer_.Record(EventOf(EventKind::kExit, party, Latest(party), std::move(text))));
  if (party.peer != trace::Peer::kWorker) conversations_.erase(KeyOf(party));
}

}  // namespace colmeia::master
