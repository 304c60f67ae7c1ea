#include "lab/svg.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "lab/report.h"

namespace colmeia::lab {
namespace {

// All in the picture's own units, which are CSS pixels at its full width.
constexpr double kWidth = 960;
constexpr double kLabels = 190;  // room for the groups' names
constexpr double kValues = 150;  // and for the numbers behind the bars
constexpr double kBar = 14;      // from one bar to the next
constexpr double kThick = 10;    // of which it fills so much
constexpr double kGap = 10;      // between groups
constexpr double kAxis = 20;

double X(const Axis& axis, double value) { return kLabels + axis.Position(value) * (kWidth - kLabels - kValues); }

std::string Number(double value, Unit unit) { return EscapeHtml(FormatValue(value, unit)); }

std::string RenderBar(const Bar& bar, const Axis& axis, Unit unit, double y) {
  const double begin = X(axis, axis.low);
  const double end = X(axis, bar.value);
  const double far = X(axis, std::max(bar.upto, bar.value));
  std::string svg = fmt::format("<rect class={} x={:.1f} y={:.1f} width={:.1f} height={:.1f} rx=2 />", bar.series,
                                begin, y, std::max(end - begin, 1.0), kThick);
  std::string text = Number(bar.value, unit);
  if (bar.upto > bar.value) {
    const double middle = y + kThick / 2;
    svg += fmt::format("<path class={0} d=\"M{1:.1f} {2:.1f}H{3:.1f}M{3:.1f} {4:.1f}V{5:.1f}\" fill=none />",
                       bar.series, end, middle, far, middle - 3, middle + 3);
    text += fmt::format(" … {}", Number(bar.upto, unit));
  }
  svg += fmt::format("<text class=soft x={:.1f} y={:.1f}>{}</text>\n", far + 6, y + kThick - 1, text);
  return svg;
}

}  // namespace

double Axis::Position(double value) const {
  const double position =
      logarithmic ? (value <= 0 ? 0 : (std::log10(value) - std::log10(low)) / (std::log10(high) - std::log10(low)))
                  : (value - low) / (high - low);
  return std::clamp(position, 0.0, 1.0);
}

std::string ScaleText(const Axis& axis, Unit unit) {
  constexpr std::array<std::string_view, 7> kWhat{"time",    "per second", "bytes per second", "bytes", "number",
                                                  "percent", "times"};
  return fmt::format("{}, {}", kWhat[static_cast<std::size_t>(unit)], axis.logarithmic ? "logarithmic" : "linear");
}

Axis AxisFor(const BarChart& chart) {
  double least = 0;
  double most = 0;
  for (const BarGroup& group : chart.groups) {
    for (const Bar& bar : group.bars) {
      if (bar.value > 0 && (least == 0 || bar.value < least)) least = bar.value;
      most = std::max({most, bar.value, bar.upto});
    }
  }
  Axis axis;
  axis.logarithmic = chart.logarithmic && least > 0;
  if (axis.logarithmic) {
    const double from = std::floor(std::log10(least * 0.999));
    const double to = std::max(std::ceil(std::log10(most)), from + 1);
    axis.low = std::pow(10, from);
    axis.high = std::pow(10, to);
    for (double power = from; power <= to; ++power) axis.ticks.push_back(std::pow(10, power));
    return axis;
  }
  if (most == 0) most = 1;
  constexpr double kMostSteps = 5;
  const double least_step = most / kMostSteps;
  const double power = std::pow(10, std::floor(std::log10(least_step)));
  double step = power * 10;
  for (const double candidate : {5.0, 2.0, 1.0}) {
    if (power * candidate >= least_step) step = power * candidate;
  }
  axis.high = std::ceil(most / step - 1e-9) * step;
  for (int i = 0; i * step <= axis.high + step / 2; ++i) axis.ticks.push_back(i * step);
  return axis;
}

std::string RenderSvg(const BarChart& chart) {
  const Axis axis = AxisFor(chart);
  double height = kAxis;
  for (const BarGroup& group : chart.groups) height += static_cast<double>(group.bars.size()) * kBar + kGap;
  std::string svg = fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=img aria-label=\"{}\">\n", kWidth, height,
                                EscapeHtml(chart.title));
  svg += fmt::format("<text class=soft x={:.1f} y=11 text-anchor=end>{}</text>\n", kLabels - 30,
                     EscapeHtml(ScaleText(axis, chart.unit)));
  for (const double tick : axis.ticks) {
    const double x = X(axis, tick);
    svg += fmt::format("<path class=grid d=\"M{0:.1f} {1:.0f}V{2:.0f}\" />", x, kAxis - 4, height);
    svg += fmt::format("<text class=soft x={:.1f} y=11 text-anchor=middle>{}</text>\n", x, Number(tick, chart.unit));
  }
  double y = kAxis + kGap / 2;
  for (const BarGroup& group : chart.groups) {
    const double rows = static_cast<double>(group.bars.size()) * kBar;
    svg += fmt::format("<g><title>{}</title>", EscapeHtml(group.label));
    svg += fmt::format("<text x={:.1f} y={:.1f} text-anchor=end>{}</text>\n", kLabels - 10, y + rows / 2 + 3,
                       EscapeHtml(group.label));
    for (const Bar& bar : group.bars) {
      svg += RenderBar(bar, axis, chart.unit, y);
      y += kBar;
    }
    svg += "</g>\n";
    y += kGap;
  }
  return svg + "</svg>\n";
}

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace colmeia::lab
