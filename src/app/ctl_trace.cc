#include "app/ctl_trace.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "app/ctl.h"
#include "app/new_master.h"
#include "app/say.h"
#include "control/answer.h"
#include "control/json.h"
#include "sys/files.h"
#include "trace/chrome.h"
#include "trace/hex.h"
#include "trace/mermaid.h"
#include "trace/select.h"
#include "trace/text.h"
#include "util/json_writer.h"
#include "util/strings.h"
#include "util/units.h"

namespace colmeia::app {
namespace {

// An object of one member.
std::string JsonLine(std::string_view member, std::uint64_t value) {
  return util::JsonWriter().BeginObject().Member(member, value).End().Take() + "\n";
}

using control::Client;
using control::TraceEntry;
using control::TracePage;
using control::TraceQuestion;

// How long a follower asks the server to wait for news; it looks for a new master then, and asks again.
constexpr util::Milliseconds kLookEvery{1000};
constexpr util::Milliseconds kAnswerTime{5000};

// False when nobody reads.
bool Wrote(std::string_view text) { return static_cast<bool>(sys::WriteAll(STDOUT_FILENO, text)); }

// Its code is the exit code.
Result<TracePage> AskForPage(Client& client, const TraceQuestion& question, util::TimePoint deadline) {
  const auto body = Fetch(client, control::TargetOf(question), deadline);
  if (!body) return tl::unexpected(body.error());
  auto page = control::ReadTracePage(*body);
  if (!page) return Fail(page.error().message, control::kExitResources);
  return page;
}

// All that there is above `after` at the time of the first question.
Result<std::vector<TraceEntry>> FetchAll(Client& client, TraceQuestion question, util::TimePoint deadline) {
  std::vector<TraceEntry> all;
  std::optional<std::uint64_t> end;
  while (true) {
    auto page = AskForPage(client, question, deadline);
    if (!page) return tl::unexpected(page.error());
    if (!end) end = page->newest;
    std::move(page->events.begin(), page->events.end(), std::back_inserter(all));
    if (page->events.empty() || all.back().event.sequence >= *end) return all;
    question.after = all.back().event.sequence;
  }
}

std::uint64_t MonotonicNow() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

void DropOlder(std::vector<TraceEntry>& entries, const Since& since) {
  if (!since.ago) return;
  const auto ago = static_cast<std::uint64_t>(std::chrono::nanoseconds(*since.ago).count());
  const std::uint64_t now = MonotonicNow();
  const std::uint64_t begin = now > ago ? now - ago : 0;
  std::erase_if(entries, [begin](const TraceEntry& entry) { return entry.event.monotonic_ns < begin; });
}

std::vector<trace::Event> EventsOf(const std::vector<TraceEntry>& entries) {
  std::vector<trace::Event> events;
  for (const TraceEntry& entry : entries) events.push_back(entry.event);
  return events;
}

// What is left of a reload is shown, with a word on what is not.
int KeepLastReload(std::vector<TraceEntry>& entries) {
  const trace::Story story = trace::LastReload(EventsOf(entries));
  if (story.events.empty()) {
    return Complain(control::kExitConfiguration,
                    "the trace knows of no reload: there was none, or it is forgotten already");
  }
  if (!story.whole) Say(log::Level::kWarn, "the beginning of the last reload is forgotten already");
  std::erase_if(entries, [&](const TraceEntry& entry) {
    return std::none_of(story.events.begin(), story.events.end(),
                        [&](const trace::Event& event) { return event.sequence == entry.event.sequence; });
  });
  return control::kExitOk;
}

// `picked` events have others between them that are left out by intent.
void Show(const std::vector<TraceEntry>& entries, TraceFormat format, std::uint64_t after, bool picked) {
  if (format == TraceFormat::kMermaid) {
    static_cast<void>(Wrote(trace::Mermaid(EventsOf(entries))));
  } else if (format == TraceFormat::kChrome) {
    static_cast<void>(Wrote(trace::Chrome(EventsOf(entries))));
  } else {
    std::string out;
    TraceLines lines(format, after);
    for (const TraceEntry& entry : entries) {
      if (picked) lines = TraceLines(format, entry.event.sequence - 1);
      out += lines.Next(entry);
    }
    static_cast<void>(Wrote(out));
  }
}

void EndQuietlyOn(int number) {
  struct sigaction action {};
  action.sa_handler = [](int) noexcept { _exit(control::kExitOk); };
  sigaction(number, &action, nullptr);
}

// News, or an empty page. A follower may have been stopped, or its reader have paused, for longer than the server waits
// for anybody: then it comes back.
Result<TracePage> AskForNews(Client& client, const TraceQuestion& question) {
  const auto now = [] { return util::Now(); };
  auto page = AskForPage(client, question, now() + question.wait + kAnswerTime);
  const bool broken =
      !page && (page.error().code == control::kExitNotRunning || page.error().code == control::kExitTimedOut);
  if (!broken || !client.ConnectAgain(now() + kAnswerTime)) return page;
  return AskForPage(client, question, now() + question.wait + kAnswerTime);
}

// The trace of one master, from some event on.
struct Stream {
  Client client;
  TraceQuestion question;
  TraceLines lines;
};

// Follows a server through changes of its binary: the old master's trace to its end, and the new one's beside it.
class Follower {
 public:
  Follower(Client client, const TraceQuestion& question, TraceFormat format)
      : format_(format), told_(client.server_pid()) {
    streams_.push_back({std::move(client), question, TraceLines(format, question.after)});
  }

  // Returns the exit code.
  int Run() {
    while (true) {
      if (!LookForNewMaster()) return control::kExitOk;
      for (std::size_t i = 0; i < streams_.size();) {
        const bool is_newest = i + 1 == streams_.size();
        Stream& stream = streams_[i];
        // Who waits for the one must not keep the other waiting.
        stream.question.wait = is_newest ? kLookEvery : util::Milliseconds(0);
        const auto page = AskForNews(stream.client, stream.question);
        const bool left = !page && page.error().code == control::kExitNotRunning;
        if (!page && !left) return Complain(page.error().code, page.error().message);
        if (left && is_newest) {
          if (NewMaster(stream.client, kAnswerTime)) break;  // it is found in the next round
          Say(log::Level::kNotice, "the server has left");
          return control::kExitOk;
        }
        if (left) {
          if (!Wrote(Remark("the old master (pid {}) serves no more", "old_master_left", stream.client.server_pid()))) {
            return control::kExitOk;
          }
          streams_.erase(streams_.begin() + static_cast<std::ptrdiff_t>(i));
          continue;
        }
        if (!Tell(stream, *page)) return control::kExitOk;
        ++i;
      }
    }
  }

 private:
  // False when nobody reads.
  bool LookForNewMaster() {
    const Client& newest = streams_.back().client;
    auto client = NewMaster(newest, kAnswerTime);
    if (!client) return true;
    const bool wrote =
        Wrote(Remark("a new master (pid {}) took over: its events are numbered from 1 on, and those of "
                     "the old one go on until it leaves",
                     "new_master", client->server_pid()));
    told_ = client->server_pid();
    streams_.push_back(
        {*std::move(client), {.after = 0, .frames = streams_.back().question.frames}, TraceLines(format_, 0)});
    return wrote;
  }

  bool Tell(Stream& stream, const TracePage& page) {
    if (page.events.empty()) return true;
    std::string out;
    if (const pid_t pid = stream.client.server_pid(); pid != told_) {
      told_ = pid;
      out += Remark("of the master with pid {}:", "master", pid);
    }
    for (const TraceEntry& entry : page.events) out += stream.lines.Next(entry);
    stream.question.after = page.events.back().event.sequence;
    return Wrote(out);
  }

  // A line that is no event.
  [[nodiscard]] std::string Remark(std::string_view text, std::string_view member, pid_t pid) const {
    if (format_ == TraceFormat::kJson) return JsonLine(member, static_cast<std::uint64_t>(pid));
    return fmt::format("-- {}\n", fmt::format(fmt::runtime(text), pid));
  }

  const TraceFormat format_;
  pid_t told_;                   // whose events the last lines were
  std::vector<Stream> streams_;  // the newest master's last
};

int Follow(Client client, const TraceQuestion& question, TraceFormat format) {
  // Each line is written at once and whole, so ending needs no further care.
  EndQuietlyOn(SIGINT);
  EndQuietlyOn(SIGTERM);
  return Follower(std::move(client), question, format).Run();
}

// The first event to ask for after.
Result<std::uint64_t> BeginOf(Client& client, const ControlLine& line, const Since& since, util::TimePoint deadline) {
  if (since.sequence) return *since.sequence == 0 ? 0 : *since.sequence - 1;
  if (!line.follow || since.ago) return 0;
  auto page = AskForPage(client, {.limit = 0}, deadline);
  if (!page) return tl::unexpected(page.error());
  return page->newest;
}

}  // namespace

Result<Since> ReadSince(const std::string& text) {
  Since since;
  if (text.empty()) return since;
  const std::string number = text.starts_with('#') ? text.substr(1) : text;
  since.sequence = util::ParseNumber<std::uint64_t>(number);
  if (since.sequence) return since;
  since.ago = util::ParseTime(text);
  if (since.ago) return since;
  return Fail(fmt::format("\"--since {}\" is neither the number of an event, 120, nor a time, 5m", text));
}

std::string TraceLines::Next(const TraceEntry& entry) {
  const trace::Event& event = entry.event;
  const bool json = format_ == TraceFormat::kJson;
  std::string out;
  if (event.sequence > last_ + 1) {
    const std::uint64_t missed = event.sequence - last_ - 1;
    out = json ? JsonLine("missed", missed)
               : fmt::format("-- {} event{} missed: they were overwritten before they were read\n", missed,
                             missed == 1 ? "" : "s");
  }
  last_ = event.sequence;
  out += (json ? entry.json : trace::Text(event)) + "\n";
  if (format_ != TraceFormat::kHex || !trace::IsMessage(event) || event.size == 0) return out;
  if (entry.frame) return out + trace::Hex(*entry.frame);
  return out + fmt::format("    its {} bytes were overwritten by those of later messages\n", event.size);
}

int ShowTrace(Client& client, const ControlLine& line, util::TimePoint deadline) {
  const bool chart = line.format == TraceFormat::kMermaid || line.format == TraceFormat::kChrome;
  if (line.follow && (chart || line.last_reload)) {
    return Complain(control::kExitConfiguration,
                    "\"--follow\" shows events as they happen, one by one: it goes with --json and --hex only");
  }
  const auto since = ReadSince(line.since);
  if (!since) return Complain(control::kExitConfiguration, since.error().message);
  const auto begin = BeginOf(client, line, *since, deadline);
  if (!begin) return Complain(begin.error().code, begin.error().message);
  const TraceQuestion question = {.after = *begin, .frames = line.format == TraceFormat::kHex};
  if (line.follow && !since->ago) return Follow(std::move(client), question, line.format);

  auto entries = FetchAll(client, question, deadline);
  if (!entries) return Complain(entries.error().code, entries.error().message);
  const std::uint64_t end = entries->empty() ? *begin : entries->back().event.sequence;
  DropOlder(*entries, *since);
  if (line.last_reload) {
    if (const int code = KeepLastReload(*entries); code != control::kExitOk) return code;
  }
  Show(*entries, line.format, *begin, line.last_reload || since->ago);
  if (!line.follow) return control::kExitOk;
  return Follow(std::move(client), {.after = end, .frames = question.frames}, line.format);
}

}  // namespace colmeia::app
