// The scribe: writes the trace for the master, and knows for each event which one led to it.
//
// It records and remembers, nothing else: no decision depends on it.
//
// 1. What the master does while it handles an event was led to by that event.
// 2. What a child says or suffers was led to by the last word in the conversation with it; a reply by what it answers.
//    With Ready, and with a Done to the last word, a conversation is at rest: what comes next has no cause.
// 3. A deadline is recorded with the first thing that it led to, so that those that come to nothing fill no ring. Its
//    cause is the last event of the conversation with the process that it was about.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "channel/channel.h"
#include "trace/party.h"
#include "trace/ring.h"

namespace colmeia::master {

using trace::Party;

class TraceRecorder {
 public:
  explicit TraceRecorder(trace::Writer writer) : writer_(std::move(writer)) {}

  // The memfd, to be sent to workers.
  [[nodiscard]] int fd() const { return writer_.fd(); }

  // What is recorded from here on was led to by this event; 0: by nothing that we know of.
  void Because(std::uint64_t cause);
  [[nodiscard]] std::uint64_t cause() const { return cause_; }

  // Something came from outside. It leads to what is recorded next. Returns its number.
  std::uint64_t Heard(trace::Event event);
  // The same, of what asks for a reload: however long that has to wait for its turn, this is what began it.
  void HeardOfReload(trace::Event event) { reload_asked_ = Heard(std::move(event)); }
  // A reload begins.
  void ReloadBegins(std::uint32_t generation);
  // The supervisor's deadline has come.
  void DeadlineCame();

  // The master did something that concerns no other process, or the operator alone.
  void Noted(trace::Event event);
  // A slot changed its state.
  void State(const Party& party, std::string text);

  // A life, from its beginning; Ended is the cause of what is recorded next.
  void Born(const Party& party, std::string text);
  // `note` follows the message's description.
  void Frame(const Party& party, channel::Traffic traffic, const channel::FrameInfo& frame, std::string_view note = {});
  void Said(const Party& party, std::string text);  // as Frame, of one whose frames are not seen
  void Killed(const Party& party, std::string text);
  void Closed(const Party& party, std::string why);
  void Ended(const Party& party, std::string text);

 private:
  struct Conversation {
    std::uint64_t latest = 0;                      // number of the last word; 0: at rest
    std::map<std::uint32_t, std::uint64_t> asked;  // what may still be answered: frame to number
  };
  using Key = std::pair<trace::Peer, std::uint32_t>;

  static Key KeyOf(const Party& party);
  std::uint64_t Latest(const Party& party) const;
  void PayDeadline(std::uint64_t cause);

  trace::Writer writer_;
  std::uint64_t cause_ = 0;
  std::uint64_t reload_asked_ = 0;  // number of the latest that asked, until it begins
  bool deadline_came_ = false;      // and is not recorded yet
  std::map<Key, Conversation> conversations_;
};

}  // namespace colmeia::master
