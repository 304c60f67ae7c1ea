// A report: what was measured, where and when; and the three forms in which it is shown.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lab/exhibit.h"
#include "lab/machine.h"
#include "lab/stage.h"

namespace colmeia::lab {

struct Finding {
  const Exhibit* exhibit = nullptr;
  Placement placement;
  StageResult result;
};

struct Report {
  Machine machine;
  std::vector<Placement> placements;
  std::chrono::system_clock::time_point started;
  std::chrono::milliseconds took{0};
  bool quick = false;
  std::vector<Finding> findings;  // those of an exhibit together, in the catalogue's order
};

// The families that were measured, in the catalogue's order.
[[nodiscard]] std::vector<const Family*> FamiliesOf(const Report& report);

// A number for people: "1.25 us", "3.1 M/s", "64 KiB", "4.1"; "-" for NaN.
[[nodiscard]] std::string FormatValue(double value, Unit unit);

// "2026-01-31T12:00:00Z"
[[nodiscard]] std::string FormatTime(std::chrono::system_clock::time_point time);

// "one core: CPU 0; two cores: CPUs 0 and 1"
[[nodiscard]] std::string DescribePlacements(const std::vector<Placement>& placements);

// The value of a column, NaN when it was not measured. REQUIRES: the finding's family has a column `key`.
[[nodiscard]] double ValueOf(const Finding& finding, std::string_view key);

// What the numbers of a family do not tell, a line each: notes, and why something was not measured. What holds for an
// exhibit on all its placements is said once.
[[nodiscard]] std::vector<std::string> Remarks(const Family& family, const Report& report);

// A table for each family, for terminals.
[[nodiscard]] std::string TextReport(const Report& report);

// One JSON document; its members are listed in src/lab/README.md.
[[nodiscard]] std::string JsonReport(const Report& report);

// One HTML page that needs nothing from outside: charts as inline SVG, light and dark, without scripts.
[[nodiscard]] std::string HtmlReport(const Report& report);

}  // namespace colmeia::lab
