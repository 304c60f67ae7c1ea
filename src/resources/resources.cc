#include "resources/resources.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "log/error_log.h"
#include "resources/temp_folders.h"
#include "sys/address.h"
#include "sys/sockets.h"

namespace colmeia::resources {

std::optional<std::size_t> OpenGeneration::SocketFor(std::uint32_t ordinal, std::uint32_t seat) const {
  if (MasterAccepts(ordinal)) return std::nullopt;
  const OpenListener& listener = *listeners[ordinal];
  const std::size_t number = listener.HasOwnSockets(plan->listeners[ordinal]) ? seat : 0;
  return number < listener.sockets().size() ? std::optional(number) : std::nullopt;
}

bool OpenGeneration::MasterAccepts(std::uint32_t ordinal) const {
  return plan->accept_by == ipc::AcceptBy::kHandoff && !listeners[ordinal]->HasOwnSockets(plan->listeners[ordinal]);
}

std::vector<std::size_t> OpenGeneration::BorrowedBy(std::uint32_t ordinal, std::uint32_t seat,
                                                    std::uint32_t seats_now) const {
  const OpenListener& listener = *listeners[ordinal];
  const std::size_t seated = listener.SocketsFor(plan->listeners[ordinal], seats_now);
  std::vector<std::size_t> numbers;
  for (std::size_t i = seated + seat; i < listener.sockets().size(); i += seats_now) numbers.push_back(i);
  return numbers;
}

std::vector<std::size_t> OpenGeneration::NotServedBy(std::uint32_t ordinal,
                                                     const std::vector<std::uint32_t>& occupied) const {
  std::vector<bool> is_served(listeners[ordinal]->sockets().size());
  for (const std::uint32_t seat : occupied) {
    if (const auto number = SocketFor(ordinal, seat)) is_served[*number] = true;
  }
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < is_served.size(); ++i) {
    if (!is_served[i]) numbers.push_back(i);
  }
  return numbers;
}

Resources::Resources(std::vector<InheritedSocket> inherited, HandedZones zones) : handed_zones_(std::move(zones)) {
  for (InheritedSocket& socket : inherited) {
    auto at = std::find_if(inherited_.begin(), inherited_.end(),
                           [&](const auto& listener) { return listener->address() == socket.address; });
    if (at == inherited_.end()) {
      at = inherited_.insert(inherited_.end(),
                             std::make_shared<OpenListener>(socket.address.ToString(), socket.address));
    }
    (*at)->Inherit(std::move(socket));
  }
}

Result<> Resources::Open(std::uint32_t generation, std::shared_ptr<const ipc::Plan> plan, Attempts attempts) {
  OpenGeneration opened;
  opened.plan = plan;
  opened.seats = plan->workers;

  sys::PidFile pid_file;
  if (!plan->pid_path.empty() && (pid_path() != plan->pid_path || !pid_file_)) {
    auto created = sys::PidFile::Create(plan->pid_path, getpid());
    if (!created) return tl::unexpected(created.error());
    pid_file = *std::move(created);
  }

  // Until the end of this function only `opened` holds what is new, so leaving early closes exactly that.
  const auto abandon = [&](Error error) -> Result<> {
    for (auto& listener : opened.listeners) OpenListener::Release(std::move(listener));
    pid_file.Remove();
    return tl::unexpected(std::move(error));
  };
  // Of several folders that are missing all are told.
  Error failures;
  for (const ipc::PlannedLog& planned : plan->logs) {
    if (auto log = logs_.Open(planned)) {
      opened.logs.push_back(*std::move(log));
    } else {
      failures.message += (failures.message.empty() ? "" : "\n") + log.error().message;
      failures.code = log.error().code;
    }
  }
  if (!failures.message.empty()) return abandon(std::move(failures));
  for (const ipc::PlannedZone& planned : plan->zones) {
    auto zone = OpenZoneOf(planned);
    if (!zone) return abandon(zone.error());
    opened.zones.push_back(*std::move(zone));
  }
  for (const ipc::PlannedListener& planned : plan->listeners) {
    auto listener = OpenOne(planned, plan->workers, attempts);
    if (!listener) return abandon(listener.error());
    opened.listeners.push_back(*std::move(listener));
  }

  for (const auto& listener : opened.listeners) listener->Admit();
  if (pid_file) next_pid_file_ = std::move(pid_file);
  // The beginnings of the first generation stand in its own log: there is no other.
  if (!logs_.writes()) logs_.WriteTo(*plan, opened.logs);
  MakeTempFolders(plan->identity);
  generations_.emplace(generation, std::move(opened));
  return {};
}

Result<std::shared_ptr<OpenZone>> Resources::OpenZoneOf(const ipc::PlannedZone& planned) {
  // The newest one of that name is what is asked about, as nginx asks the configuration before.
  for (const auto& zone : Zones()) {
    if (zone->planned.name != planned.name) continue;
    auto kept = zone->CanBe(planned);
    if (!kept) return tl::unexpected(kept.error());
    if (*kept) return zone;
    break;
  }
  return OpenZone::Create(planned);
}

std::vector<std::shared_ptr<OpenZone>> Resources::Zones() const {
  std::vector<std::shared_ptr<OpenZone>> out;
  for (auto at = generations_.rbegin(); at != generations_.rend(); ++at) {
    for (const auto& zone : at->second.zones) {
      if (std::find(out.begin(), out.end(), zone) == out.end()) out.push_back(zone);
    }
  }
  for (const auto& zone : handed_zones_.zones) {
    if (std::find(out.begin(), out.end(), zone) == out.end()) out.push_back(zone);
  }
  return out;
}

void Resources::GiveBackZones(std::uint32_t holder) {
  for (const auto& zone : Zones()) {
    if (auto given = zone->GiveBack(holder); !given) log::Main().Write(log::Level::kAlert, given.error().message);
  }
}

void Resources::GiveBackSide(std::uint32_t side) {
  for (const auto& zone : Zones()) {
    if (auto given = zone->GiveBackSide(side); !given) log::Main().Write(log::Level::kAlert, given.error().message);
  }
}

// Of several generations' zones of one name the newest one goes on.
HandedZones Resources::ZonesToHandOver(std::uint32_t side) const {
  HandedZones out{.side = side, .zones = {}};
  for (const auto& zone : Zones()) {
    const bool has_name = std::any_of(out.zones.begin(), out.zones.end(),
                                      [&](const auto& other) { return other->planned.name == zone->planned.name; });
    if (!has_name) out.zones.push_back(zone);
  }
  return out;
}

Result<std::shared_ptr<OpenListener>> Resources::OpenOne(const ipc::PlannedListener& planned, std::uint32_t seats,
                                                         Attempts attempts) {
  auto address = sys::Address::FromBytes(planned.address);
  if (!address) return tl::unexpected(address.error());
  auto listener = FindOpen(*address);
  if (listener == nullptr) {
    const auto at = std::find_if(inherited_.begin(), inherited_.end(), [&](const auto& inherited) {
      return inherited->address() == *address && !inherited->HasLostItsName();
    });
    if (at != inherited_.end()) listener = *at;
  }
  Company company = Company::kNone;
  if (listener == nullptr) {
    for (OpenListener* const lost : Listeners()) {
      if (lost->address() != *address || address->family() == AF_UNIX) continue;
      if (auto made = lost->MakeRoom(); !made) return tl::unexpected(made.error());
      company = Company::kTolerated;
    }
    listener = std::make_shared<OpenListener>(planned.name, *address);
  }
  auto opened = listener->Open(planned, seats, attempts, company);
  if (!opened) return tl::unexpected(opened.error());
  return listener;
}

std::shared_ptr<OpenListener> Resources::FindOpen(const sys::Address& address) const {
  for (const auto& [number, generation] : generations_) {
    for (const auto& listener : generation.listeners) {
      if (listener->address() != address) continue;
      // One that refuses clients for good is replaced by another one, and so is one that nobody finds.
      const bool lost = listener->state() == ListenerState::kRefusedForGood || listener->HasLostItsName();
      if (!lost) return listener;
    }
  }
  return nullptr;
}

Result<> Resources::GrowClones(std::uint32_t generation, std::uint32_t seats) {
  const auto at = generations_.find(generation);
  if (at == generations_.end()) return {};
  at->second.seats = seats;
  for (std::size_t i = 0; i < at->second.listeners.size(); ++i) {
    auto opened = at->second.listeners[i]->Open(at->second.plan->listeners[i], seats, Attempts::kLast);
    if (!opened) return opened;
  }
  return {};
}

void Resources::Reseat(std::uint32_t generation, std::uint32_t seats, std::uint32_t wanted, util::TimePoint now) {
  const auto at = generations_.find(generation);
  if (at == generations_.end()) return;
  at->second.seats = wanted;
  for (std::size_t i = 0; i < at->second.listeners.size(); ++i) {
    OpenListener& listener = *at->second.listeners[i];
    listener.Seat(listener.SocketsFor(at->second.plan->listeners[i], seats), now);
  }
}

std::vector<OpenListener*> Resources::Listeners() const {
  std::vector<OpenListener*> out;
  for (const auto& [number, generation] : generations_) {
    for (const auto& listener : generation.listeners) {
      if (std::find(out.begin(), out.end(), listener.get()) == out.end()) out.push_back(listener.get());
    }
  }
  return out;
}

const ipc::PlannedListener* Resources::PlannedFor(const OpenListener& listener) const {
  for (auto at = generations_.rbegin(); at != generations_.rend(); ++at) {
    for (std::size_t i = 0; i < at->second.listeners.size(); ++i) {
      if (at->second.listeners[i].get() == &listener) return &at->second.plan->listeners[i];
    }
  }
  return nullptr;
}

std::vector<std::string> Resources::LostNames() const {
  std::vector<std::string> out;
  for (const OpenListener* const listener : Listeners()) {
    if (listener->TakesClients() && listener->HasLostItsName()) out.push_back(listener->name());
  }
  return out;
}

std::size_t Resources::SocketsNeeded(const OpenListener& listener) const {
  std::size_t needed = 0;
  for (auto at = generations_.lower_bound(current_); at != generations_.end(); ++at) {
    const OpenGeneration& generation = at->second;
    for (std::size_t i = 0; i < generation.listeners.size(); ++i) {
      if (generation.listeners[i].get() != &listener) continue;
      needed = std::max(needed, listener.SocketsFor(generation.plan->listeners[i], generation.seats));
    }
  }
  return needed;
}

void Resources::Promote(std::uint32_t generation) {
  if (next_pid_file_) {
    pid_file_.Remove();
    pid_file_ = std::move(next_pid_file_);
    next_pid_file_ = {};
  }
  current_ = generation;
  const OpenGeneration& current = generations_.at(generation);
  if (current.plan->pid_path.empty()) pid_file_.Remove();
  logs_.WriteTo(*current.plan, current.logs);
  CloseInherited();
  // Sockets that were open before may have got other options by this configuration.
  for (std::size_t i = 0; i < current.listeners.size(); ++i) current.listeners[i]->Tune(current.plan->listeners[i]);
  if (current.plan->daemon) logs_.LetGoOfLauncher();
  logs_.TakeDescriptor2();
}

void Resources::CloseInherited() {
  handed_zones_.zones.clear();
  for (auto& listener : std::exchange(inherited_, {})) {
    if (listener.use_count() == 1) {
      log::Main().Print(log::Level::kNotice, "master: closed the inherited socket {}: no `listen` directive names it",
                        listener->name());
    }
    OpenListener::Release(std::move(listener));
  }
}

bool Resources::IsWanted(const OpenListener& listener) const {
  return std::any_of(generations_.begin(), generations_.end(), [&](const auto& entry) {
    const auto& [number, generation] = entry;
    const auto is_same = [&](const auto& other) { return other.get() == &listener; };
    return !generation.retired && std::any_of(generation.listeners.begin(), generation.listeners.end(), is_same);
  });
}

std::vector<std::uint32_t> Resources::Remove(std::uint32_t generation) {
  std::vector<std::uint32_t> removed;
  const auto at = generations_.find(generation);
  if (at == generations_.end()) return removed;
  at->second.retired = true;
  for (std::uint32_t ordinal = 0; ordinal < at->second.listeners.size(); ++ordinal) {
    OpenListener& listener = *at->second.listeners[ordinal];
    if (IsWanted(listener)) continue;
    removed.push_back(ordinal);
    listener.Refuse();
  }
  return removed;
}

void Resources::CloseListeners(std::uint32_t generation) {
  const auto at = generations_.find(generation);
  if (at == generations_.end()) return;
  for (auto& listener : std::exchange(at->second.listeners, {})) OpenListener::Release(std::move(listener));
}

void Resources::Close(std::uint32_t generation) {
  CloseListeners(generation);
  generations_.erase(generation);
  // A generation that was given up before it became current takes its pid file with it.
  const bool wanted = std::any_of(generations_.begin(), generations_.end(), [&](const auto& entry) {
    return entry.second.plan->pid_path == next_pid_file_.path();
  });
  if (next_pid_file_ && !wanted) next_pid_file_.Remove();
}

const OpenGeneration* Resources::Find(std::uint32_t generation) const {
  const auto at = generations_.find(generation);
  return at == generations_.end() ? nullptr : &at->second;
}

void Resources::RemovePidFile() {
  next_pid_file_.Remove();
  pid_file_.Remove();
}

std::vector<HandedSocket> Resources::SocketsToHandOver() const {
  std::vector<HandedSocket> out;
  for (const OpenListener* const listener : Listeners()) {
    if (!listener->TakesClients()) continue;
    for (const sys::UniqueFd& socket : listener->sockets()) out.push_back({listener->name(), socket.get()});
  }
  return out;
}

Result<> Resources::PutPidFileAside() {
  if (!pid_file_) return {};
  const std::string path = pid_file_.path();
  auto renamed = pid_file_.Rename(path + std::string(kOldSuffix));
  if (renamed) pid_path_aside_ = path;
  return renamed;
}

Result<> Resources::TakePidFileBack() {
  if (pid_path_aside_.empty()) return {};
  auto renamed = pid_file_.Rename(pid_path_aside_);
  if (renamed) pid_path_aside_.clear();
  return renamed;
}

}  // namespace colmeia::resources
