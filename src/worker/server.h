// Server: what a worker serves with: the site, its files, logs and connections, put together from an Adoption. It knows
// neither the master nor signals.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "files/store.h"
#include "log/access_log.h"
#include "log/error_log.h"
#include "loop/hooks.h"
#include "loop/loop.h"
#include "loop/poll_pool.h"
#include "loop/timer.h"
#include "pipeline/aio.h"
#include "pipeline/services.h"
#include "pipeline/variant_cache.h"
#include "process/adoption.h"
#include "session/listener.h"
#include "site/module.h"
#include "site/site.h"
#include "sys/usage.h"
#include "worker/acceptor.h"
#include "worker/connections.h"
#include "worker/drain.h"
#include "worker/mapped_zone.h"
#include "worker/shortages.h"

namespace colmeia::worker {

class Server {
 public:
  // Builds the site from the text. The error is for the operator: it can only happen when master and worker disagree.
  // `loop` must outlive it.
  static Result<std::unique_ptr<Server>> Create(loop::Loop& loop, process::Adoption adoption,
                                                const site::ModuleList& modules);
  ~Server();

  // Accepts clients from here on.
  void Start();

  // Accepts no more, finishes what is open, then calls `done` from the loop. A second call can only shorten it.
  void Drain(std::optional<util::Duration> limit, std::function<void()> done);

  // Another socket of a listener, while serving.
  void AddListener(process::Lent listener);
  void Release(std::uint32_t ordinal) { acceptor_->Release(ordinal); }

  // Only this generation serves this listener: draining takes the clients that wait there.
  void Removed(std::uint32_t ordinal) { acceptor_->Removed(ordinal); }
  void AllRemoved();

  // A client that the master accepted. `taken` is called once it is ours, and never when it has to go to another
  // worker.
  void Take(std::uint32_t ordinal, sys::UniqueFd fd, const sys::Address& peer, std::function<void()> taken);

  // Takes the clients in the queues of all listeners, then closes these: for when no other process holds them any more.
  void ReleaseAll();

  // The log file was opened anew: what was collected goes to the old file, all else to the new one.
  Result<> ReplaceLog(std::uint32_t ordinal, sys::UniqueFd fd);

  // Accepting from a listening socket failed for good (Acceptor::on_unusable).
  void OnUnusable(std::function<void(std::uint32_t ordinal, int code)> call) {
    acceptor_->on_unusable = std::move(call);
  }

  [[nodiscard]] std::size_t connections() const { return connections_->size(); }

 private:
  Server(loop::Loop& loop, process::Adoption adoption);
  Result<> Build(const site::ModuleList& modules);
  Result<> MapZones();
  void OpenLogs();
  void OnTurnEnds();
  void NoteUsage(std::chrono::nanoseconds now);
  void FlushAccessLogs();

  loop::Loop& loop_;  // outlives this
  process::Adoption adoption_;
  scoreboard::SlotWriter counts_;
  std::string hostname_;
  std::unique_ptr<const site::Site> site_;
  files::Store files_;
  std::unique_ptr<pipeline::VariantCache> variants_;
  std::vector<std::unique_ptr<log::AccessLog>> access_logs_;  // by ordinal
  std::vector<std::unique_ptr<log::ErrorLog>> error_logs_;    // by ordinal of Site::error_logs
  std::vector<MappedZone> zones_;                             // by ordinal
  pipeline::ThreadPools thread_pools_;
  pipeline::Services services_;
  loop::PollPool polls_;
  std::vector<std::unique_ptr<session::Listener>> listeners_;  // by ordinal
  std::vector<std::uint64_t> lost_lines_;                      // of each access log, as far as it was told
  std::unique_ptr<Shortages> shortages_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<worker::Drain> drain_;
  std::function<void()> drained_;
  loop::BeforeSleep before_sleep_;
  loop::Timer heartbeat_;
  sys::UsageMeter usage_;
  std::chrono::nanoseconds next_usage_{};  // when to look at it again
  // At the end of the turn before: the time, and how long the loop had slept until then.
  std::chrono::nanoseconds last_turn_{};
  std::chrono::nanoseconds last_idle_{};
};

}  // namespace colmeia::worker
