#include "trace/event.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "ipc/frame.h"

namespace colmeia::trace {
namespace {

// Which way something passes for each kind, if anything does.
struct KindRow {
  EventKind kind;
  std::string_view name;
  Direction direction;
};
constexpr KindRow kKinds[] = {
    {EventKind::kSpawn, "spawn", Direction::kOut},        {EventKind::kExit, "exit", Direction::kIn},
    {EventKind::kSend, "send", Direction::kOut},          {EventKind::kReceive, "receive", Direction::kIn},
    {EventKind::kClosed, "closed", Direction::kNone},     {EventKind::kSignal, "signal", Direction::kIn},
    {EventKind::kKill, "kill", Direction::kOut},          {EventKind::kState, "state", Direction::kNone},
    {EventKind::kServer, "server", Direction::kNone},     {EventKind::kGeneration, "generation", Direction::kNone},
    {EventKind::kCommand, "command", Direction::kIn},     {EventKind::kReply, "reply", Direction::kOut},
    {EventKind::kListener, "listener", Direction::kNone}, {EventKind::kLog, "log", Direction::kNone},
    {EventKind::kDeadline, "deadline", Direction::kNone}, {EventKind::kHeartbeat, "heartbeat", Direction::kNone},
    {EventKind::kRecycle, "recycle", Direction::kNone},
};

struct PeerRow {
  Peer peer;
  std::string_view name;
};
constexpr PeerRow kPeers[] = {
    {Peer::kNone, "master"},   {Peer::kOperator, "operator"},    {Peer::kCompiler, "compiler"},
    {Peer::kWorker, "worker"}, {Peer::kSuccessor, "new master"},
};

const KindRow* FindKind(EventKind kind) {
  const auto* const found =
      std::find_if(std::begin(kKinds), std::end(kKinds), [kind](const KindRow& row) { return row.kind == kind; });
  return found == std::end(kKinds) ? nullptr : found;
}

}  // namespace

std::string_view KindName(EventKind kind) {
  const KindRow* const row = FindKind(kind);
  return row == nullptr ? "?" : row->name;
}

std::optional<EventKind> ParseKind(std::string_view name) {
  for (const KindRow& row : kKinds) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

std::string_view PeerName(Peer peer) {
  for (const PeerRow& row : kPeers) {
    if (row.peer == peer) return row.name;
  }
  return "?";
}

std::optional<Peer> ParsePeer(std::string_view name) {
  for (const PeerRow& row : kPeers) {
    if (row.name == name) return row.peer;
  }
  return std::nullopt;
}

Direction DirectionOf(const Event& event) {
  const KindRow* const row = FindKind(event.kind);
  return row == nullptr || event.peer == Peer::kNone ? Direction::kNone : row->direction;
}

std::string_view MessageName(const Event& event) {
  const std::string_view text = event.text;
  return IsMessage(event) ? text.substr(0, text.find(' ')) : std::string_view();
}

std::vector<std::string> DescriptorNames(const Event& event) {
  if (!IsMessage(event)) return {};
  std::vector<std::string> names = ipc::DescribeFds(event.text);
  if (names.size() == event.fds) return names;
  names.clear();
  for (int i = 1; i <= event.fds; ++i) names.push_back(fmt::format("descriptor {}", i));
  return names;
}

std::string DescriptorText(const Event& event) {
  const std::vector<std::string> names = DescriptorNames(event);
  if (names.empty()) return {};
  return fmt::format(" + {} descriptor{}: {}", names.size(), names.size() == 1 ? "" : "s", fmt::join(names, ", "));
}

std::string ProcessName(const Event& event) {
  if (event.peer != Peer::kWorker) return std::string(PeerName(event.peer));
  return event.seat == kNoSeat ? fmt::format("worker in slot {}", event.slot) : fmt::format("worker {}", event.seat);
}

}  // namespace colmeia::trace
