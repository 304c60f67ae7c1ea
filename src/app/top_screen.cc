#include "app/top_screen.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/ctl_text.h"
#include "util/escape.h"

namespace colmeia::app {
namespace {

constexpr std::string_view kTableHead =
    "SLOT SEAT  GEN     PID STATE      CPU%  MEMORY  CONNS    REQ/S    BEAT     LAG   ACCEPTS";
constexpr std::string_view kKeys = "arrows/j/k select  d drain  x kill  + add  - remove  r reload  h help  q quit";
constexpr std::string_view kHelp[] = {
    "  up, k      the worker above            d  the worker finishes what is open and leaves;",
    "  down, j    the worker below               another takes its seat first",
    "  +          one worker more             x  the worker is killed, after a question;",
    "  -          one worker less                another takes its seat",
    "  r          reload the configuration    q  leave",
    "  h          the workers again",
    "",
    "  CPU% of one processor, since the last look.  BEAT: time since the last sign of life.",
    "  LAG: how long the latest turn of the event loop kept others waiting, or the one under way.",
    "  silent: the loop does not turn, and no client of that worker is served.",
    "  The bar is the share of accepted connections, the busiest worker's being full.",
    "  A worker that is gone stays in sight for three seconds.",
};

std::string Short(double value) { return value < 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value); }

std::string Percent(const std::optional<Rates>& rates) { return rates ? Short(rates->cpu_percent) : "-"; }
std::string Requests(const std::optional<Rates>& rates) { return rates ? Short(rates->requests) : "-"; }
std::string Bytes(double value) { return BytesText(static_cast<std::uint64_t>(value)); }

std::string_view StateOf(const TopRow& row) { return row.gone ? "gone" : std::string_view(row.worker.state); }

Look LookOf(const TopRow& row) {
  const std::string_view state = StateOf(row);
  if (state == "ready") return Look::kGood;
  return state == "starting" || state == "draining" ? Look::kWarning : Look::kBad;
}

std::string Head(const TopModel& model) {
  const control::ServerStatus& server = model.status().server;
  const std::string silent =
      server.workers_silent > 0 ? fmt::format(", {} silent", server.workers_silent) : std::string();
  return fmt::format("colmeia {}  {}  generation {}  {} of {} workers ready{}  up {}", server.version, server.state,
                     server.generation, server.workers_ready, server.workers_wanted, silent,
                     MillisecondsText(server.uptime_ms));
}

std::string MasterLine(const TopModel& model) {
  const control::ServerStatus& server = model.status().server;
  return fmt::format("master  pid {}  CPU {}%  memory {}  {}", server.pid, Percent(model.master()),
                     BytesText(server.memory_bytes), server.configuration);
}

std::string_view FirstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

// What has gone wrong up to now; empty when nothing has.
std::string HistoryLine(const TopModel& model) {
  const control::ServerStatus& server = model.status().server;
  std::string out;
  if (server.last_reload_failed) {
    const control::FailedReload& failed = server.failed_reload;
    out = fmt::format("reload failed {} ago: {}", MillisecondsText(failed.ago_ms.value_or(0)), FirstLine(failed.why));
  }
  if (server.respawns > 0) {
    const control::LastRespawn& last = server.last_respawn;
    out = fmt::format("respawns {}, last {} ago: worker {} (pid {}) {}{}{}", server.respawns,
                      MillisecondsText(last.ago_ms.value_or(0)), last.seat, last.pid, FirstLine(last.why),
                      out.empty() ? "" : "; ", out);
  }
  return out;
}

std::string TotalsLine(const TopModel& model) {
  std::string out = fmt::format("workers CPU {}%  connections {}  requests/s {}", Percent(model.totals()),
                                model.status().totals.connections, Requests(model.totals()));
  if (model.totals())
    out += fmt::format("  in {}/s  out {}/s", Bytes(model.totals()->bytes_in), Bytes(model.totals()->bytes_out));
  out += fmt::format("  accepts {}", model.status().totals.accepts);
  const std::string& accept_by = model.status().server.accept_by;
  return accept_by.empty() ? out : out + " by " + accept_by;
}

std::string GenerationLine(const control::GenerationStatus& generation) {
  std::string out = fmt::format("generation {} {}: {} of {} ready, {} connections", generation.number, generation.state,
                                generation.ready, generation.living, generation.connections);
  if (generation.deadline_ms) out += fmt::format(", {} left", MillisecondsText(*generation.deadline_ms));
  return out;
}

std::string RowLine(const TopRow& row, std::uint64_t most_accepts, std::size_t width) {
  const control::WorkerStatus& worker = row.worker;
  const std::string beat = worker.heartbeat_age_ms ? MillisecondsText(*worker.heartbeat_age_ms) : "-";
  std::string out = fmt::format("{:>4} {:>4} {:>4} {:>7} {:<9} {:>5} {:>7} {:>6} {:>8} {:>7} {:>7} {:>9}", worker.slot,
                                worker.seat, worker.generation, worker.pid, StateOf(row), Percent(row.rates),
                                BytesText(worker.memory_bytes), worker.counts.connections, Requests(row.rates), beat,
                                NanosecondsText(worker.counts.lag.last_ns), worker.counts.accepts);
  if (out.size() + 3 > width || most_accepts == 0) return out;
  const std::size_t room = std::min<std::size_t>(width - out.size() - 2, 40);
  return out + "  " + std::string(room * worker.counts.accepts / most_accepts, '#');
}

// Which rows fit, so that the selected one is among them.
std::size_t FirstShown(std::size_t rows, std::size_t room, std::size_t selected) {
  if (rows <= room || selected < room / 2) return 0;
  return std::min(selected - room / 2, rows - room);
}

void AddWorkers(std::vector<TopLine>& out, const TopModel& model, const TopView& view, std::size_t room) {
  const std::vector<TopRow>& rows = model.rows();
  std::uint64_t most = 0;
  for (const TopRow& row : rows) most = std::max(most, row.worker.counts.accepts);
  const std::size_t first = FirstShown(rows.size(), room, view.selected.value_or(0));
  for (std::size_t i = first; i < rows.size() && i - first < room; ++i) {
    out.push_back({RowLine(rows[i], most, view.width), view.selected == i ? Look::kSelected : LookOf(rows[i])});
  }
}

}  // namespace

std::vector<TopLine> TopLines(const TopModel& model, const TopView& view) {
  std::vector<TopLine> out = {{Head(model), Look::kTitle}, {MasterLine(model)}, {TotalsLine(model)}};
  if (std::string history = HistoryLine(model); !history.empty()) out.push_back({std::move(history), Look::kWarning});
  for (const control::GenerationStatus& generation : model.status().generations)
    out.push_back({GenerationLine(generation)});
  out.push_back({});
  const std::size_t last = view.keys || !view.message.empty() ? 1 : 0;
  const std::size_t above = out.size() + 1 + last;
  const std::size_t room =
      view.height == 0 ? model.rows().size() : std::max<std::size_t>(view.height, above + 1) - above;
  if (view.help) {
    for (const std::string_view line : kHelp) out.push_back({std::string(line)});
  } else {
    out.push_back({std::string(kTableHead), Look::kTitle});
    AddWorkers(out, model, view, room);
  }
  if (view.height != 0) out.resize(std::max<std::size_t>(view.height, last) - last);
  if (!view.message.empty()) {
    out.push_back({view.message, Look::kTitle});
  } else if (view.keys) {
    out.push_back({std::string(kKeys), Look::kDim});
  }
  for (TopLine& line : out) {
    // What a path or a state says may hold anything.
    line.text = util::Escaped(util::EscapeFor::kCell, line.text).substr(0, view.width);
  }
  return out;
}

}  // namespace colmeia::app
