#include "worker/server.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "config/diagnostic.h"
#include "config/source.h"
#include "process/crash_report.h"
#include "site/builder.h"
#include "site/events.h"
#include "site/process.h"
#include "sys/descriptors.h"

namespace colmeia::worker {
namespace {

// Of the watchdog's period: so often a loop without work shows that it would turn.
constexpr int kBeatsPerPeriod = 10;
// Without a watchdog, or with a patient one, for those who look at the board.
constexpr util::Milliseconds kMostBeat{1000};
// How often a worker that has work looks at what it uses.
constexpr util::Milliseconds kUsageEvery{1000};

util::Milliseconds BeatOf(const site::Site& site) {
  const util::Milliseconds watchdog = site.main.Get<site::ProcessSettings>().watchdog;
  return watchdog.count() > 0 ? std::min(watchdog / kBeatsPerPeriod, kMostBeat) : kMostBeat;
}

std::chrono::nanoseconds MonotonicNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(util::Now().time_since_epoch());
}

// The answers of the name service that the compiler got: a worker asks nobody.
class LentResolver final : public site::Resolver {
 public:
  explicit LentResolver(const std::vector<ipc::ResolvedName>& names) : names_(names) {}

  Result<std::vector<sys::Address>> Resolve(const std::string& text) override {
    const auto name =
        std::find_if(names_.begin(), names_.end(), [&](const ipc::ResolvedName& known) { return known.text == text; });
    if (name == names_.end()) return Fail(fmt::format("host not found in \"{}\"", text));
    std::vector<sys::Address> addresses;
    for (const std::string& bytes : name->addresses) {
      auto address = sys::Address::FromBytes(bytes);
      if (!address) return tl::unexpected(address.error());
      addresses.push_back(*address);
    }
    return addresses;
  }

 private:
  const std::vector<ipc::ResolvedName>& names_;  // outlives this
};

std::string Hostname() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? std::string(name) : std::string();
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Create(loop::Loop& loop, process::Adoption adoption,
                                               const site::ModuleList& modules) {
  std::unique_ptr<Server> server(new Server(loop, std::move(adoption)));
  if (auto built = server->Build(modules); !built) return tl::unexpected(built.error());
  return server;
}

Server::Server(loop::Loop& loop, process::Adoption adoption)
    : loop_(loop),
      adoption_(std::move(adoption)),
      counts_(adoption_.board ? adoption_.board->Writer(adoption_.slot) : scoreboard::SlotWriter()),
      hostname_(Hostname()),
      polls_(loop),
      before_sleep_(loop, [this] { OnTurnEnds(); }),
      heartbeat_(loop, [] {}),
      last_turn_(MonotonicNow()),
      last_idle_(loop.IdleTime()) {
  process::LendCurrentRequest(&services_.serving, &counts_);
}

Server::~Server() {
  process::LendCurrentRequest(nullptr);
  log::CollectErrorLines(false);
}

Result<> Server::Build(const site::ModuleList& modules) {
  auto source = config::Source::Parse(adoption_.config.source);
  if (!source) return tl::unexpected(source.error());
  config::Diagnostics diagnostics;
  LentResolver resolver(adoption_.config.names);
  site_ = site::BuildSite(*source, {.modules = &modules, .resolver = &resolver}, diagnostics);
  if (site_ == nullptr) return Fail("the configuration was checked, and yet:\n" + diagnostics.Render());
  if (site_->logs.size() != adoption_.logs.size())
    return Fail("the configuration names other logs than the master opened");

  if (auto mapped = MapZones(); !mapped) return mapped;
  OpenLogs();
  services_.site = site_.get();
  services_.files = &files_;
  variants_ = std::make_unique<pipeline::VariantCache>(&loop_, counts_);
  services_.variants = variants_.get();
  thread_pools_ = pipeline::MakeThreadPools(loop_, site_->main);
  services_.thread_pools = &thread_pools_;
  services_.board = adoption_.board ? &*adoption_.board : nullptr;
  services_.trace = adoption_.trace ? &*adoption_.trace : nullptr;
  services_.loop = &loop_;
  services_.slot = adoption_.slot;
  services_.hostname = hostname_;
  services_.pid = getpid();
  for (const site::ListenSocket& socket : site_->listeners) {
    listeners_.push_back(std::make_unique<session::Listener>(socket));
  }

  const auto& events = site_->main.Get<site::EventsSettings>();
  services_.accept_by = ipc::AcceptByName(events.accept_by);
  connections_ = std::make_unique<Connections>(loop_, polls_, services_, counts_, events.worker_connections);
  shortages_ = std::make_unique<Shortages>(log::Main(), counts_, events.worker_connections);
  connections_->on_short = [this](Shortage what, bool made) { shortages_->Note(what, made, loop_.Now()); };
  acceptor_ = MakeAcceptor({loop_, *connections_, counts_, adoption_.board ? &*adoption_.board : nullptr, log::Main(),
                            util::Now,
                            AcceptorOptions{.accept_by = events.accept_by,
                                            .multi_accept = events.multi_accept,
                                            .mutex_delay = events.accept_mutex_delay,
                                            .beat = BeatOf(*site_),
                                            .generation = adoption_.generation,
                                            .slot = adoption_.slot}});
  connections_->on_room = [this] { acceptor_->OnRoom(); };
  for (process::Lent& listener : adoption_.listeners) {
    if (listener.ordinal >= listeners_.size())
      return Fail("the configuration names other listeners than the master opened");
    acceptor_->Add(listener.ordinal, std::move(listener.fd), *listeners_[listener.ordinal]);
  }
  adoption_.listeners.clear();
  return {};
}

Result<> Server::MapZones() {
  if (site_->zones.size() != adoption_.zones.size()) {
    return Fail("the configuration names other zones than the master made");
  }
  for (process::Lent& lent : adoption_.zones) {
    auto zone = MappedZone::Map(std::move(lent.fd), site_->zones[lent.ordinal], adoption_.holder);
    if (!zone) return tl::unexpected(zone.error());
    zones_.push_back(*std::move(zone));
    services_.zones.push_back(zones_.back().Use());
  }
  return {};
}

// Every log is an access log to those who append to it; error logs write to the descriptor itself.
void Server::OpenLogs() {
  for (const process::Lent& log : adoption_.logs) {
    auto fd = sys::Duplicate(log.fd.get());
    access_logs_.push_back(std::make_unique<log::AccessLog>(fd ? *std::move(fd) : sys::UniqueFd()));
    services_.logs.push_back(access_logs_.back().get());
  }
  lost_lines_.resize(access_logs_.size());
  for (const auto& rows : site_->error_logs) {
    std::vector<log::ErrorLog::Target> targets;
    for (const site::ErrorLogTarget& row : rows) {
      targets.push_back({adoption_.logs[row.log].fd.get(), static_cast<log::Level>(row.level)});
    }
    error_logs_.push_back(std::make_unique<log::ErrorLog>(std::move(targets)));
    services_.error_logs.push_back(error_logs_.back().get());
  }
  log::Main().SetTargets(error_logs_.front()->targets());
  log::CollectErrorLines(true);
  // Whatever a library or a sanitizer says on descriptor 2 is in the log as well.
  if (const auto& main = site_->error_logs.front(); !main.empty()) {
    if (auto redirected = sys::Redirect(adoption_.logs[main.front().log].fd, STDERR_FILENO); !redirected) {
      log::Main().Print(log::Level::kAlert, "worker: descriptor 2 stays where it was: {}", redirected.error().message);
    }
  }
}

void Server::Start() {
  const util::Milliseconds beat = BeatOf(*site_);
  counts_.Set(scoreboard::Gauge::kBeatNs, static_cast<std::uint64_t>(std::chrono::nanoseconds(beat).count()));
  heartbeat_.StartEvery(beat);
  acceptor_->Start();
}

void Server::Drain(std::optional<util::Duration> limit, std::function<void()> done) {
  drained_ = std::move(done);
  if (drain_ == nullptr) {
    drain_ = std::make_unique<worker::Drain>(loop_, *acceptor_, *connections_, [this] { drained_(); });
  }
  drain_->Start(limit);
}

void Server::AddListener(process::Lent listener) {
  if (listener.ordinal >= listeners_.size()) return;
  acceptor_->Add(listener.ordinal, std::move(listener.fd), *listeners_[listener.ordinal]);
}

void Server::Take(std::uint32_t ordinal, sys::UniqueFd fd, const sys::Address& peer, std::function<void()> taken) {
  // The end is near: the master gives it to another one when it has come.
  if (drain_ != nullptr && drain_->state() == Drain::State::kDone) return;
  const bool known =
      ordinal < listeners_.size() && acceptor_->Take({*listeners_[ordinal], std::move(fd), peer, std::move(taken)});
  if (!known) log::Main().Print(log::Level::kAlert, "worker: the master sent a client that was not asked for");
}

void Server::AllRemoved() {
  for (std::uint32_t ordinal = 0; ordinal < listeners_.size(); ++ordinal) acceptor_->Removed(ordinal);
}

void Server::ReleaseAll() {
  // A listener can have several sockets: each round releases one of each.
  while (acceptor_->listeners() > 0) {
    for (std::uint32_t ordinal = 0; ordinal < listeners_.size(); ++ordinal) acceptor_->Release(ordinal);
  }
}

Result<> Server::ReplaceLog(std::uint32_t ordinal, sys::UniqueFd fd) {
  if (ordinal >= adoption_.logs.size()) return Fail("the master sent a log that the configuration does not name");
  log::FlushErrorLines();
  if (auto redirected = sys::Redirect(fd, adoption_.logs[ordinal].fd.get()); !redirected) return redirected;
  const auto& main = site_->error_logs.front();
  if (!main.empty() && main.front().log == ordinal) {
    if (auto redirected = sys::Redirect(fd, STDERR_FILENO); !redirected) return redirected;
  }
  access_logs_[ordinal]->Replace(std::move(fd));
  return {};
}

// Logs are as fresh as nginx's and far cheaper: one write for all lines of a turn.
void Server::OnTurnEnds() {
  if (std::exchange(services_.lacks_descriptors, false)) static_cast<void>(connections_->FreeDescriptor());
  FlushAccessLogs();
  log::FlushErrorLines();
  const std::chrono::nanoseconds now = MonotonicNow();
  const std::chrono::nanoseconds idle = loop_.IdleTime();
  counts_.Beat(static_cast<std::uint64_t>(now.count()));
  const std::chrono::nanoseconds busy = (now - last_turn_) - (idle - last_idle_);
  counts_.AddLag(static_cast<std::uint64_t>(std::max<std::int64_t>(0, busy.count())));
  counts_.Add(scoreboard::Total::kLoopTurns);
  last_turn_ = now;
  last_idle_ = idle;
  if (now >= next_usage_) NoteUsage(now);
}

void Server::FlushAccessLogs() {
  for (std::size_t i = 0; i < access_logs_.size(); ++i) {
    access_logs_[i]->Flush();
    const std::uint64_t lost = access_logs_[i]->dropped();
    if (lost == lost_lines_[i]) continue;
    const std::uint64_t lines = lost - std::exchange(lost_lines_[i], lost);
    shortages_->LostLines(site_->logs[i].path, lines, access_logs_[i]->why_dropped(), loop_.Now());
  }
}

void Server::NoteUsage(std::chrono::nanoseconds now) {
  const sys::Usage usage = usage_.Read();
  counts_.SetUsage(usage.cpu_us, usage.rss_bytes);
  next_usage_ = now + kUsageEvery;
}

}  // namespace colmeia::worker
