#include "lab/ping.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <thread>

#include "lab/clock.h"
#include "lab/link.h"
#include "lab/stage.h"
#include "lab/stats.h"
#include "lab/syscalls.h"

namespace colmeia::lab {
namespace {

using std::chrono::milliseconds;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

constexpr Column kColumns[] = {
    {"round_trip_p50", "round trip p50", Unit::kNanoseconds},
    {"round_trip_p99", "p99", Unit::kNanoseconds},
    {"messages_per_second", "one way, 64 B", Unit::kPerSecond},
    {"bytes_per_second", "one way, long", Unit::kBytesPerSecond},
    {"copies", "copies", Unit::kCount},
    {"system_calls", "calls/trip", Unit::kCount},
    {"system_calls_by_construction", "(expected)", Unit::kCount},
    {"capacity", "under way", Unit::kBytes},
    {"peer_memory", "peer's memory", Unit::kBytes},
};

constexpr Chart kCharts[] = {
    {"Round trip of a 64-byte message: p50, and on to p99", "round_trip_p50", "round_trip_p99", true,
     "Shorter is better: on one core a round trip is its system calls, and on two nearly all of it is waking the other "
     "core up, which only the one that spins does not need."},
    {"Messages of 64 bytes one way, in a second", "messages_per_second", "", true,
     "Longer is better: nobody waits for an answer here, so what counts is how much fits between the two before one "
     "has to sleep, and whether a message needs a system call at all."},
    {"Bytes one way in a second, in long messages", "bytes_per_second", "", true,
     "Longer is better: copies cost, but a form with room for a few messages only pays a wake-up for every few, and on "
     "two cores that is dearer than copying."},
    {"System calls of a round trip, counted", "system_calls", "", false,
     "Shorter is better: four are one to send and one to receive for each of the two; shared memory calls the kernel "
     "only to sleep and to wake."},
};

constexpr Family kFamily{
    "coordination",
    "Ways to coordinate",
    "Two parties hand each other messages of 64 bytes. Round trip: one waits until the other has answered. One way: "
    "one sends as fast as the form lets it, the other takes all; long messages have 16 KiB, or what the form allows. "
    "Copies: of the message's bytes, from the sender's memory to where the receiver reads them. Calls: system calls "
    "of both parties for one round trip, counted with ptrace, beside what construction says. Under way: bytes that "
    "fit between the two. Peer's memory: what the second party has to itself.",
    kColumns,
    kCharts,
};

constexpr std::size_t kSmall = 64;
constexpr milliseconds kEchoTime(250);
constexpr milliseconds kStreamTime(120);

// What the first party wants of the second next; it is written before a small message announces it.
struct Orders {
  enum Kind : std::uint32_t { kEcho, kStream, kQuit };
  std::atomic<std::uint32_t> kind;
  std::atomic<std::uint32_t> rounds;
  std::atomic<std::uint32_t> size;
};

// The second party: does what it is told until it is told to quit.
void Serve(const Form& form, Link& link, const Orders& orders) {
  const std::array<char, kSmall> answer{};
  for (;;) {
    link.Receive(Side::kSecond, kSmall);
    const std::uint32_t kind = orders.kind;
    const std::uint32_t rounds = orders.rounds;
    const std::size_t size = orders.size;
    link.Send(Side::kSecond, answer);
    if (kind == Orders::kQuit) return;
    const bool answers = kind == Orders::kEcho || form.payload == Payload::kAnswered;
    for (std::uint32_t i = 0; i < rounds; ++i) {
      link.Receive(Side::kSecond, size);
      if (answers) link.Send(Side::kSecond, answer);
    }
    if (!answers) link.Send(Side::kSecond, answer);
  }
}

// The first party, and the owner of both.
class Pair {
 public:
  Pair(const Form& form, const Setting& setting)
      : form_(form), orders_(Shared<Orders>()), link_(form.open(setting.scratch)), message_(form.max_message, 'm') {
    const pid_t self = getpid();
    if (form.peer == Peer::kProcess) {
      child_.emplace([&] {
        Pin(setting.placement.second());
        link_->TakeSide(Side::kSecond, self);
        Serve(form_, *link_, orders_);
      });
      Pin(setting.placement.first());
      link_->TakeSide(Side::kFirst, child_->pid());
    } else {
      private_before_ = PrivateMemory(self);
      thread_ = std::thread([this, cpu = setting.placement.second(), self] {
        Pin(cpu);
        link_->TakeSide(Side::kSecond, self);
        Serve(form_, *link_, orders_);
      });
      Pin(setting.placement.first());
      link_->TakeSide(Side::kFirst, self);
    }
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  ~Pair() {
    Order(Orders::kQuit, 0, 0);
    if (thread_.joinable()) thread_.join();
    if (child_) child_->Wait();
  }

  // Nanoseconds of each round trip.
  std::vector<double> Echo(std::uint32_t rounds) {
    std::vector<double> samples(rounds);
    Order(Orders::kEcho, rounds, kSmall);
    for (double& sample : samples) {
      const auto begin = Clock::now();
      RoundTrip(kSmall);
      sample = Nanoseconds(Clock::now() - begin);
    }
    return samples;
  }

  // Seconds that so many messages one way take, until the last has arrived.
  double Stream(std::uint32_t rounds, std::size_t size) {
    Order(Orders::kStream, rounds, size);
    const auto begin = Clock::now();
    for (std::uint32_t i = 0; i < rounds; ++i) {
      if (form_.payload == Payload::kAnswered) {
        RoundTrip(size);
      } else {
        link_->Send(Side::kFirst, {message_.data(), size});
      }
    }
    if (form_.payload != Payload::kAnswered) link_->Receive(Side::kFirst, kSmall);
    return std::chrono::duration<double>(Clock::now() - begin).count();
  }

  [[nodiscard]] double PeerMemory() const {
    if (child_) return PrivateMemory(child_->pid());
    return std::max(0.0, PrivateMemory(getpid()) - private_before_);
  }

  [[nodiscard]] std::size_t Capacity() const { return link_->Capacity(); }

 private:
  void RoundTrip(std::size_t size) {
    link_->Send(Side::kFirst, {message_.data(), size});
    link_->Receive(Side::kFirst, kSmall);
  }

  void Order(Orders::Kind kind, std::uint32_t rounds, std::size_t size) {
    orders_.kind = kind;
    orders_.rounds = rounds;
    orders_.size = static_cast<std::uint32_t>(size);
    RoundTrip(kSmall);
  }

  const Form& form_;
  Orders& orders_;  // shared memory
  std::unique_ptr<Link> link_;
  std::vector<char> message_;
  std::optional<Child> child_;
  std::thread thread_;
  double private_before_ = 0;
};

std::uint32_t Rounds(std::chrono::nanoseconds time, double one_ns, double least, double most) {
  return static_cast<std::uint32_t>(
      std::clamp(static_cast<double>(time.count()) / std::max(one_ns, 1.0), least, std::max(least, most)));
}

// Messages of `size` in a second, from as many as `time` allows. A first, short run tells how many that are.
double Rate(Pair& pair, const Form& form, std::size_t size, std::chrono::nanoseconds time) {
  constexpr std::uint32_t kTrial = 100;
  const double one_ns = pair.Stream(kTrial, size) / kTrial * 1e9;
  const double most = static_cast<double>(form.max_total) / static_cast<double>(size) - kTrial;
  const std::uint32_t rounds = Rounds(time, one_ns, kTrial, std::min(most, 2e6));
  return rounds / pair.Stream(rounds, size);
}

Measured Measure(const Form& form, const Setting& setting) {
  const auto counted_rounds = [&](int rounds) {
    Pair pair(form, setting);
    pair.Echo(static_cast<std::uint32_t>(rounds));
  };
  const double syscalls = SystemCallsPerRound(counted_rounds, 20, 120);

  Pair pair(form, setting);
  const Summary warm = Summarize(pair.Echo(50));
  const std::uint32_t rounds = Rounds(setting.Share(kEchoTime), warm.mean, setting.Share(200), 200e3);
  const Summary round_trip = Summarize(pair.Echo(rounds));
  const double messages = Rate(pair, form, kSmall, setting.Share(kStreamTime));
  const double bytes =
      form.payload == Payload::kToken
          ? kNone
          : Rate(pair, form, form.max_message, setting.Share(kStreamTime)) * static_cast<double>(form.max_message);

  Measured measured;
  measured.values = {round_trip.p50,
                     round_trip.p99,
                     messages,
                     bytes,
                     form.copies,
                     syscalls,
                     form.expected == Expected::kVaries ? kNone : form.syscalls,
                     static_cast<double>(pair.Capacity()),
                     pair.PeerMemory()};
  switch (form.expected) {
    case Expected::kExactly:
      break;
    case Expected::kAtMost:
      measured.note = "calls expected: at most";
      break;
    case Expected::kAbout:
      measured.note = "calls expected: about";
      break;
    case Expected::kVaries:
      measured.note = "calls expected: it depends on who runs when";
      break;
  }
  if (std::isnan(syscalls)) measured.note = "system calls could not be counted here (ptrace)";
  return measured;
}

}  // namespace

std::vector<Exhibit> FormExhibits() {
  std::vector<Exhibit> exhibits;
  for (const auto& forms : {SignalForms(), PipeForms(), UnixSocketForms(), NetworkForms(), FileForms(),
                            SharedMemoryForms(), CounterForms()}) {
    for (const Form& form : forms) {
      Exhibit exhibit;
      exhibit.name = form.name;
      exhibit.title = form.title;
      exhibit.what = form.what;
      exhibit.used_in = form.used_in;
      exhibit.family = &kFamily;
      exhibit.run = [&form](const Setting& setting) { return Measure(form, setting); };
      exhibits.push_back(std::move(exhibit));
    }
  }
  return exhibits;
}

}  // namespace colmeia::lab
