// Resources: what the master holds open for its generations: listening sockets, the pid file, and with
// resources/log_files.h the log files.
//
// A later generation shares what an earlier one has open under the same address or path, so that an accept queue never
// goes away because a configuration was read again. Sockets that were inherited (resources/inherited.h) are used where
// the address matches. Nothing here waits: a port that is taken is an error at once (resources/opening.h tries again).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ipc/plan.h"
#include "resources/inherited.h"
#include "resources/log_files.h"
#include "resources/open_listener.h"
#include "resources/open_zone.h"
#include "sys/pid_file.h"
#include "util/clock.h"
#include "util/result.h"

namespace colmeia::resources {

// One generation's view, by ordinals of its plan.
struct OpenGeneration {
  std::shared_ptr<const ipc::Plan> plan;
  std::vector<std::shared_ptr<OpenListener>> listeners;  // empty once the generation accepts no more
  std::vector<std::shared_ptr<OpenLog>> logs;
  std::vector<std::shared_ptr<OpenZone>> zones;
  std::uint32_t seats = 0;
  bool retired = false;  // it wants no clients any more

  // Which socket of a listener the worker of a seat accepts from: its own, or everybody's; nothing where the master
  // accepts.
  [[nodiscard]] std::optional<std::size_t> SocketFor(std::uint32_t ordinal, std::uint32_t seat) const;
  // Its share of those that no seat has. They are borrowed: ReuseportKeeper must hear of them.
  [[nodiscard]] std::vector<std::size_t> BorrowedBy(std::uint32_t ordinal, std::uint32_t seat,
                                                    std::uint32_t seats_now) const;

  // Sockets that no worker in one of these seats has as its own.
  [[nodiscard]] std::vector<std::size_t> NotServedBy(std::uint32_t ordinal,
                                                     const std::vector<std::uint32_t>& occupied) const;

  // Clients of this listener are accepted by the master (resources/handoff.h).
  [[nodiscard]] bool MasterAccepts(std::uint32_t ordinal) const;
};

class Resources {
 public:
  // Inherited sockets that no `listen` wants are closed once the first generation is current, and so are zones.
  explicit Resources(std::vector<InheritedSocket> inherited = {}, HandedZones zones = {});

  // Opens everything that `plan` names and no living generation has. All or nothing. The error names the address or the
  // path, its place in the configuration, and what to do; EADDRINUSE is worth another try.
  Result<> Open(std::uint32_t generation, std::shared_ptr<const ipc::Plan> plan, Attempts attempts = Attempts::kLast);

  // Gives every `reuseport` listener of a generation a socket for each of `seats`. New connections do not come to the
  // new ones before Reseat().
  Result<> GrowClones(std::uint32_t generation, std::uint32_t seats);

  // Workers of the current generation accept in so many seats: new connections go to their sockets from now on. So many
  // seats are wanted, and need their sockets.
  void Reseat(std::uint32_t generation, std::uint32_t seats, std::uint32_t wanted, util::TimePoint now);

  // All listeners of all living generations, each once. Valid until a generation is opened or closed.
  [[nodiscard]] std::vector<OpenListener*> Listeners() const;
  // What the newest generation that has it wants of it; null when none has.
  [[nodiscard]] const ipc::PlannedListener* PlannedFor(const OpenListener& listener) const;
  // The names of those that want clients and that none finds (OpenListener::HasLostItsName).
  [[nodiscard]] std::vector<std::string> LostNames() const;
  // How many of its sockets, counted from the first, seats of the current or a coming generation need.
  [[nodiscard]] std::size_t SocketsNeeded(const OpenListener& listener) const;

  // The master's messages go to the error logs of this generation from here on, and descriptor 2 with them. (Messages
  // go to those of the first generation as soon as it is open.) A daemon lets go of descriptors 1 and 2 of its
  // launcher.
  void Promote(std::uint32_t generation);

  // This generation wants no clients any more: to the listeners that only such generations have no new client comes,
  // while those in their queues can still be accepted. Returns their ordinals. (Inherited sockets may be another
  // process's as well, and stay as they are.)
  [[nodiscard]] std::vector<std::uint32_t> Remove(std::uint32_t generation);
  void CloseListeners(std::uint32_t generation);
  void Close(std::uint32_t generation);

  [[nodiscard]] LogFiles& logs() { return logs_; }

  // The process that counted as this holder is dead: what it had in zones is given back.
  void GiveBackZones(std::uint32_t holder);
  // All workers of the master of that side are gone.
  void GiveBackSide(std::uint32_t side);

  // Null when that generation has nothing open.
  [[nodiscard]] const OpenGeneration* Find(std::uint32_t generation) const;

  // Removes the pid file, or what was put aside of it. At the very end.
  void RemovePidFile();

  // --- For a new binary ---

  // Every listening socket that clients can come to, with names for the new master, in the order of their groups. Lent.
  [[nodiscard]] std::vector<HandedSocket> SocketsToHandOver() const;
  // Every zone, as the master of this side hands them over.
  [[nodiscard]] HandedZones ZonesToHandOver(std::uint32_t side) const;
  // Renames the pid file to ".oldbin", and back, over whatever the new master left.
  Result<> PutPidFileAside();
  Result<> TakePidFileBack();

 private:
  Result<std::shared_ptr<OpenZone>> OpenZoneOf(const ipc::PlannedZone& planned);
  Result<std::shared_ptr<OpenListener>> OpenOne(const ipc::PlannedListener& planned, std::uint32_t seats,
                                                Attempts attempts);
  // Each once, those of newer generations first.
  [[nodiscard]] std::vector<std::shared_ptr<OpenZone>> Zones() const;
  void CloseInherited();
  [[nodiscard]] const std::string& pid_path() const {
    return pid_path_aside_.empty() ? pid_file_.path() : pid_path_aside_;
  }
  [[nodiscard]] bool IsWanted(const OpenListener& listener) const;
  // Null when no living generation has one that still takes clients, or can take them again.
  [[nodiscard]] std::shared_ptr<OpenListener> FindOpen(const sys::Address& address) const;

  std::map<std::uint32_t, OpenGeneration> generations_;
  std::uint32_t current_ = 0;  // the last that was promoted; 0 = none yet
  // By address, until the first generation is current; then what is not wanted is closed.
  std::vector<std::shared_ptr<OpenListener>> inherited_;
  HandedZones handed_zones_;  // until the first generation is current
  LogFiles logs_;
  sys::PidFile pid_file_;
  sys::PidFile next_pid_file_;  // of a generation that is not current yet
  std::string pid_path_aside_;  // where pid_file_ belongs while it is put aside; otherwise empty
};

}  // namespace colmeia::resources
