// A race between threads, and three ways to repair it. All of them count together to a number that is known.
//
// The broken one is a load and a store with something between them, as `count = count + 1` is for a machine. Written
// with a plain int that would be undefined behaviour; with relaxed atomics it is defined, and loses updates all the
// same.
#include <pthread.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
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
    {"Updates that were lost, in percent", "lost_percent", "", false},
    {"What one increment takes", "increment", "", true},
};

constexpr Family kFamily{
    "race",
    "A race between threads, and its repair",
    "Two threads add one to a count, a million times each, with a little arithmetic on the way. One increment: the "
    "time of all by the number of all, both threads together.",
    kColumns,
    kCharts,
};

constexpr std::size_t kThreads = 2;
constexpr int kMostRounds = 40;
constexpr std::uint64_t kTimes = 1'000'000;  // each thread, in a round

struct Round {
  std::uint64_t counted = 0;
  double seconds = 0;
};

// Runs `add(thread, times)` in all threads, which start together, as far as the processors allow.
template <class Add>
double Together(const Setting& setting, std::uint64_t times, Add add) {
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, kThreads + 1);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Pin(i == 0 ? setting.placement.first() : setting.placement.second());
      pthread_barrier_wait(&barrier);
      add(i, times);
    });
  }
  const auto begin = Clock::now();
  pthread_barrier_wait(&barrier);
  for (std::thread& thread : threads) thread.join();
  pthread_barrier_destroy(&barrier);
  return std::chrono::duration<double>(Clock::now() - begin).count();
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

Round LoadAndStore(const Setting& setting, std::uint64_t times) {
  std::atomic<std::uint64_t> count{0};
  const double seconds = Together(setting, times, [&](std::size_t, std::uint64_t n) {
    for (; n > 0; --n) {
      const std::uint64_t before = count.load(std::memory_order_relaxed);
      count.store(before + One(before), std::memory_order_relaxed);
    }
  });
  return {count.load(), seconds};
}

Round Atomic(const Setting& setting, std::uint64_t times) {
  std::atomic<std::uint64_t> count{0};
  const double seconds = Together(setting, times, [&](std::size_t, std::uint64_t n) {
    for (; n > 0; --n) count.fetch_add(One(n), std::memory_order_relaxed);
  });
  return {count.load(), seconds};
}

Round Mutex(const Setting& setting, std::uint64_t times) {
  std::mutex mutex;
  std::uint64_t count = 0;
  const double seconds = Together(setting, times, [&](std::size_t, std::uint64_t n) {
    for (; n > 0; --n) {
      const std::lock_guard<std::mutex> lock(mutex);
      count += One(count);
    }
  });
  return {count, seconds};
}

// Each count has one writer, so a load and a store are enough; whoever wants the sum adds them up.
Round OneEach(const Setting& setting, std::uint64_t times) {
  struct alignas(64) Count {
    std::atomic<std::uint64_t> value{0};
  };
  std::array<Count, kThreads> counts;
  const double seconds = Together(setting, times, [&](std::size_t thread, std::uint64_t n) {
    std::atomic<std::uint64_t>& own = counts[thread].value;
    for (; n > 0; --n) {
      const std::uint64_t before = own.load(std::memory_order_relaxed);
      own.store(before + One(before), std::memory_order_relaxed);
    }
  });
  Round round{0, seconds};
  for (const Count& count : counts) round.counted += count.value.load();
  return round;
}

using Way = Round (*)(const Setting&, std::uint64_t);

// Rounds until updates were lost or `rounds` are done: on one core an update is lost only when a thread is interrupted
// between its load and its store, so a race may go well for a while.
Measured Measure(const Setting& setting, Way way, int rounds) {
  std::uint64_t expected = 0;
  std::uint64_t counted = 0;
  double seconds = 0;
  int done = 0;
  while (done < rounds && counted == expected) {
    const Round round = way(setting, kTimes);
    expected += kThreads * kTimes;
    counted += round.counted;
    seconds += round.seconds;
    ++done;
  }
  const auto all = static_cast<double>(expected);
  const double lost = all - static_cast<double>(counted);
  Measured measured;
  measured.values = {all, static_cast<double>(counted), lost, lost / all * 100, seconds / all * 1e9};
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
  exhibit.takes = std::chrono::milliseconds(300);
  return exhibit;
}

}  // namespace

std::vector<Exhibit> RaceExhibits() {
  return {
      Of("race", "load and store", "the race: what the other stored between our load and our store is lost", "",
         LoadAndStore, kMostRounds),
      Of("race-atomic", "atomic increment", "repaired: one instruction that cannot be divided", "", Atomic, 1),
      Of("race-mutex", "mutex", "repaired: one at a time between lock and unlock", "", Mutex, 1),
      Of("race-own", "a count each", "repaired: nothing is shared, every count has one writer, a reader adds them up",
         "src/scoreboard/layout.h", OneEach, 1),
  };
}

}  // namespace colmeia::lab
