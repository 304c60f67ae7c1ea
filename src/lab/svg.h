// Bar charts as SVG to be put into an HTML page, whose style sheet gives them their colours (classes one, two, grid,
// soft).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/exhibit.h"

namespace colmeia::lab {

struct Bar {
  std::string series;  // its class: the colour
  double value = 0;
  double upto = 0;  // a thin line goes on to here; not below `value`
};

struct BarGroup {
  std::string label;
  std::vector<Bar> bars;
};

struct BarChart {
  std::string title;  // for readers that cannot see it
  Unit unit = Unit::kCount;
  bool logarithmic = false;
  std::vector<BarGroup> groups;
};

// Horizontal bars from a common axis. Values must be finite and not negative; on a logarithmic axis zero has no bar.
[[nodiscard]] std::string RenderSvg(const BarChart& chart);

// An axis: where it begins and ends, and where its lines stand.
struct Axis {
  double low = 0;
  double high = 1;
  bool logarithmic = false;
  std::vector<double> ticks;

  // 0 at the axis' beginning, 1 at its end; never outside.
  [[nodiscard]] double Position(double value) const;
};

// Logarithmic: whole decades around the values. Linear: from zero, with steps of 1, 2 or 5 times a power of ten.
[[nodiscard]] Axis AxisFor(const BarChart& chart);

// What the axis counts and how, as it is written beside it: "time, logarithmic", "percent, linear".
[[nodiscard]] std::string ScaleText(const Axis& axis, Unit unit);

[[nodiscard]] std::string EscapeHtml(std::string_view text);

}  // namespace colmeia::lab
