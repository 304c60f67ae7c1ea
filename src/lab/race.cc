// A race between threads, and three ways to repair it. All of them count together to a number that is known.
//
// The broken one is a load and a store with something between them, as `count = count + 1` is for a machine. Written
// with a plain int that would be undefined behaviour; with relaxed atomics it is defined, and loses updates all the
// same.
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "lab/clock.h"
#include "lab/families.h"
#include "lab/stage.h"

namespace colmeia::lab {
namespace {

constexpr Column kColumns[] = {
    {"expected", "expected", Unit::kCount},
    {"counted", "counted", Unit::kCount},
    {"lost", "lost", Unit::kCount},
    {"lost_percent", "lost", Unit::kPercent},
    {"increment", "one increment", Unit::kNanoseconds},
};

constexpr Chart kCharts[] = {
    {"Updates that were lost, in percent", "lost_percent", "", false,
     "Shorter is better, and only nothing is right: what one thread stores between the other's load and store is "
     "gone."},
    {"What one increment takes its thread", "increment", "", true,
     "Shorter is better: a count of one's own costs next to nothing and stays so on two cores, while a shared one is "
     "passed from core to core, whole instructions and locks alike."},
};

constexpr Family kFamily{
    "race",
    "A race between threads, and its repair",
    "Two threads add one to a count, a million times each, with a little arithmetic between load and store where there "
    "are two. One increment: without the arithmetic, both threads at it, how long it takes the one that makes it; on "
    "one core the turns of the other are left out. The best of sixty short runs.",
    kColumns,
    kCharts,
};

constexpr std::size_t kThreads = 2;
constexpr int kMostRounds = 40;
constexpr std::uint64_t kTimes = 1'000'000;  // each thread, in a round
constexpr int kTimings = 60;
// Long beside the start of a thread, short beside what the kernel gives another process at a time.
constexpr auto kTimed = std::chrono::milliseconds(2);

struct Round {
  std::uint64_t counted = 0;
  double seconds = 0;
};

// Runs `add(thread, times)` in all threads, which start together, as far as the processors allow. Seconds from the
// first beginning to the last end.
template <class Add>
double Together(const Setting& setting, std::uint64_t times, Add add) {
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, kThreads + 1);
  std::vector<std::thread> threads;
  std::array<Clock::time_point, kThreads> begins;
  std::array<Clock::time_point, kThreads> ends;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Pin(i == 0 ? setting.placement.first() : setting.placement.second());
      pthread_barrier_wait(&barrier);
      begins[i] = Clock::now();
      add(i, times);
      ends[i] = Clock::now();
    });
  }
  pthread_barrier_wait(&barrier);
  for (std::thread& thread : threads) thread.join();
  pthread_barrier_destroy(&barrier);
  return std::chrono::duration<double>(*std::max_element(ends.begin(), ends.end()) -
                                       *std::min_element(begins.begin(), begins.end()))
      .count();
}

// Some work on a number, which gives one. It stands between load and store in all that follows, as a program has
// something there; without it a processor retires both so closely together that on one core hardly any interrupt hits
// the gap. The generator has a full period, so eight steps never lead back to where they began; a compiler cannot know
// that.
std::uint64_t One(std::uint64_t number) {
  std::uint64_t mixed = number;
  for (int i = 0; i < 8; ++i) mixed = mixed * 6364136223846793005U + 1442695040888963407U;
  return mixed == number ? 0 : 1;
}

// The same without work: what the increment itself takes. With it all four would seem alike, and those the slowest in
// which it stands between a load and the store that the next load waits for.
std::uint64_t JustOne(std::uint64_t) { return 1; }

template <auto kAmount>
Round LoadAndStore(const Setting& setting, std::uint64_t times) {
  std::atomic<std::uint64_t> count{0};
  const double seconds = Together(setting, times, [&](std::size_t, std::uint64_t n) {
    for (; n > 0; --n) {
      const std::uint64_t before = count.load(std::memory_order_relaxed);
      count.store(before + kAmount(before), std::memory_order_relaxed);
    }
  });
  return {count.load(), seconds};
}

template <auto kAmount>
Round Atomic(const Setting& setting, std::uint64_t times) {
  std::atomic<std::uint64_t> count{0};
  const double seconds = Together(setting, times, [&](std::size_t, std::uint64_t n) {
    for (; n > 0; --n) count.fetch_add(kAmount(n), std::memory_order_relaxed);
  });
  return {count.load(), seconds};
}

template <auto kAmount>
Round Mutex(const Setting& setting, std::uint64_t times) {
  std::mutex mutex;
  std::uint64_t count = 0;
  const double seconds = Together(setting, times, [&](std::size_t, std::uint64_t n) {
    for (; n > 0; --n) {
      const std::lock_guard<std::mutex> lock(mutex);
      count += kAmount(count);
    }
  });
  return {count, seconds};
}

// Each count has one writer, so a load and a store are enough; whoever wants the sum adds them up.
template <auto kAmount>
Round OneEach(const Setting& setting, std::uint64_t times) {
  struct alignas(64) Count {
    std::atomic<std::uint64_t> value{0};
  };
  std::array<Count, kThreads> counts;
  const double seconds = Together(setting, times, [&](std::size_t thread, std::uint64_t n) {
    std::atomic<std::uint64_t>& own = counts[thread].value;
    for (; n > 0; --n) {
      const std::uint64_t before = own.load(std::memory_order_relaxed);
      own.store(before + kAmount(before), std::memory_order_relaxed);
    }
  });
  Round round{0, seconds};
  for (const Count& count : counts) round.counted += count.value.load();
  return round;
}

using Run = Round (*)(const Setting&, std::uint64_t);

struct Way {
  Run race;   // with work between load and store
  Run alone;  // the increments alone
};

// Nanoseconds that an increment takes its thread. Whatever else the processors do makes a timing longer and none
// shorter, so the best one counts.
double Time(const Setting& setting, Run run) {
  // On one core the threads take turns, on two both go on all the time.
  const bool share = setting.placement.first() == setting.placement.second();
  const double increments = share ? kThreads : 1;
  constexpr std::uint64_t kTrial = 20'000;
  const double trial = run(setting, kTrial).seconds / kTrial;
  const double wanted = std::chrono::duration<double>(kTimed).count();
  const auto times = static_cast<std::uint64_t>(std::clamp(wanted / trial, double{kTrial}, 5e6));
  double best = std::numeric_limits<double>::infinity();
  for (int i = setting.Share(kTimings); i > 0; --i) {
    best = std::min(best, run(setting, times).seconds / (static_cast<double>(times) * increments));
  }
  return best * 1e9;
}

// Rounds until updates were lost or `rounds` are done: on one core an update is lost only when a thread is interrupted
// between its load and its store, so a race may go well for a while.
Measured Measure(const Setting& setting, Way way, int rounds) {
  std::uint64_t expected = 0;
  std::uint64_t counted = 0;
  int done = 0;
  while (done < rounds && counted == expected) {
    const Round round = way.race(setting, kTimes);
    expected += kThreads * kTimes;
    counted += round.counted;
    ++done;
  }
  const auto all = static_cast<double>(expected);
  const double lost = all - static_cast<double>(counted);
  Measured measured;
  measured.values = {all, static_cast<double>(counted), lost, lost / all * 100, Time(setting, way.alone)};
  measured.note = fmt::format("{} round{} of {} each", done, done == 1 ? "" : "s", kTimes);
  return measured;
}

Exhibit Of(std::string_view name, std::string_view title, std::string_view what, std::string_view used_in, Way way,
           int rounds) {
  Exhibit exhibit;
  exhibit.name = name;
  exhibit.title = title;
  exhibit.what = what;
  exhibit.used_in = used_in;
  exhibit.family = &kFamily;
  exhibit.run = [way, rounds](const Setting& setting) { return Measure(setting, way, rounds); };
  exhibit.takes = std::chrono::milliseconds(600);
  return exhibit;
}

}  // namespace

std::vector<Exhibit> RaceExhibits() {
  return {
      Of("race", "load and store", "the race: what the other stored between our load and our store is lost", "",
         {LoadAndStore<One>, LoadAndStore<JustOne>}, kMostRounds),
      Of("race-atomic", "atomic increment", "repaired: one instruction that cannot be divided", "",
         {Atomic<One>, Atomic<JustOne>}, 1),
      Of("race-mutex", "mutex", "repaired: one at a time between lock and unlock", "", {Mutex<One>, Mutex<JustOne>}, 1),
      Of("race-own", "a count each", "repaired: nothing is shared, every count has one writer, a reader adds them up",
         "src/scoreboard/layout.h", {OneEach<One>, OneEach<JustOne>}, 1),
  };
}

}  // namespace colmeia::lab
