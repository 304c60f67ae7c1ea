// What an exhibit is, as data: a thing of the laboratory that can be measured by itself and gives one row of numbers.
//
// The exhibits stand in tables, one beside each family's code (FormExhibits() in ping.h, and so on); catalogue.h joins
// them. An exhibit runs in a process of its own (stage.h), so it may leave threads, descriptors and memory behind, and
// ends with GiveUp() when it cannot go on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace colmeia::lab {

// How a number is written for people. JSON always holds the plain number.
enum class Unit : std::uint8_t {
  kNanoseconds,
  kPerSecond,
  kBytesPerSecond,
  kBytes,
  kCount,    // a number of things, whole or on average
  kPercent,  // 0 to 100
  kTimes,    // how many times as much
};

struct Column {
  std::string_view key;    // in JSON: "round_trip_p50"
  std::string_view title;  // in tables: "p50"
  Unit unit;
};

// One chart of a report: a bar for each exhibit up to `value`, and where `upto` is given a thin line on to that. Under
// it stands what it tells, in one sentence.
struct Chart {
  std::string_view title;
  std::string_view value;  // keys of columns
  std::string_view upto{};
  bool logarithmic = false;
  std::string_view tells{};
};

// Exhibits that are compared with each other: they have the same columns.
struct Family {
  std::string_view name;  // "coordination"
  std::string_view title;
  std::string_view about;  // what was measured, in a sentence or three
  std::span<const Column> columns;
  std::span<const Chart> charts;
};

// The processors that an exhibit gets: what takes part shares one, or has two.
struct Placement {
  std::string_view name;       // in JSON and on the command line: "one"
  std::string_view title;      // "one core"
  std::vector<unsigned> cpus;  // one CPU, or two different ones

  // Where the first and the second party of an exchange run.
  [[nodiscard]] unsigned first() const { return cpus.front(); }
  [[nodiscard]] unsigned second() const { return cpus.back(); }
};

struct Setting {
  Placement placement;
  bool quick = false;   // a tenth of the samples: to try it out, and for tests
  std::string scratch;  // an empty directory, which goes after the exhibit with all that is in it

  // How long a part of an exhibit may sample.
  [[nodiscard]] std::chrono::nanoseconds Share(std::chrono::nanoseconds full) const { return quick ? full / 10 : full; }
  [[nodiscard]] int Share(int full) const { return quick ? (full + 9) / 10 : full; }
};

struct Measured {
  std::vector<double> values;  // one for each column; NaN: not applicable
  std::string note;            // what numbers alone do not tell: "accepts 12/9/11/8"

  bool operator==(const Measured&) const = default;
};

struct Exhibit {
  std::string_view name;  // on the command line: "unix-stream"
  std::string_view title;
  std::string_view what;     // a sentence: how it works
  std::string_view used_in;  // where colmeia does it, a path from its root; empty when it does not
  const Family* family = nullptr;
  std::function<Measured(const Setting&)> run;
  bool alone = false;                     // one party only: measured on one core alone
  std::chrono::milliseconds takes{1000};  // about, for the progress bar
};

}  // namespace colmeia::lab
