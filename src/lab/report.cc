#include "lab/report.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "util/check.h"
#include "util/json_writer.h"

namespace colmeia::lab {
namespace {

struct Step {
  double size;
  std::string_view unit;
};

// With three digits at least, in the largest unit that leaves something before the point.
std::string Scaled(double value, std::span<const Step> steps) {
  const Step* step = &steps.back();
  for (const Step& candidate : steps) {
    if (std::abs(value) >= candidate.size) {
      step = &candidate;
      break;
    }
  }
  const double number = value / step->size;
  const int decimals = number >= 100 || number == std::floor(number) ? 0 : number >= 10 ? 1 : 2;
  return fmt::format("{:.{}f} {}", number, decimals, step->unit);
}

constexpr Step kTimes[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
constexpr Step kRates[] = {{1e9, "G/s"}, {1e6, "M/s"}, {1e3, "k/s"}, {1, "/s"}};
constexpr Step kByteRates[] = {{1e9, "GB/s"}, {1e6, "MB/s"}, {1e3, "kB/s"}, {1, "B/s"}};
constexpr Step kBytes[] = {{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}};

// The rows of one family, first the names, then the values.
using Table = std::vector<std::vector<std::string>>;

Table TableOf(const Family& family, const Report& report) {
  Table table;
  std::vector<std::string> head{"", "cores"};
  for (const Column& column : family.columns) head.emplace_back(column.title);
  table.push_back(std::move(head));
  const Exhibit* last = nullptr;
  for (const Finding& finding : report.findings) {
    if (finding.exhibit->family != &family) continue;
    std::vector<std::string> row;
    row.emplace_back(finding.exhibit == last ? "" : finding.exhibit->title);
    row.emplace_back(finding.placement.name);
    last = finding.exhibit;
    for (const Column& column : family.columns) row.push_back(FormatValue(ValueOf(finding, column.key), column.unit));
    table.push_back(std::move(row));
  }
  return table;
}

// Names to the left, numbers to the right.
std::string Aligned(const Table& table) {
  std::vector<std::size_t> widths(table.front().size(), 0);
  for (const auto& row : table) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : table) {
    std::string line = "  ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i < 2 ? fmt::format("{:<{}}  ", row[i], widths[i]) : fmt::format("{:>{}}  ", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace

std::vector<const Family*> FamiliesOf(const Report& report) {
  std::vector<const Family*> families;
  for (const Finding& finding : report.findings) {
    if (families.empty() || families.back() != finding.exhibit->family) families.push_back(finding.exhibit->family);
  }
  return families;
}

std::string FormatValue(double value, Unit unit) {
  if (!std::isfinite(value)) return "-";
  switch (unit) {
    case Unit::kNanoseconds:
      return Scaled(value, kTimes);
    case Unit::kPerSecond:
      return Scaled(value, kRates);
    case Unit::kBytesPerSecond:
      return Scaled(value, kByteRates);
    case Unit::kBytes:
      return Scaled(value, kBytes);
    case Unit::kCount:
      if (value == std::floor(value)) return fmt::format("{:.0f}", value);
      return fmt::format("{:.{}f}", value, value < 1 ? 3 : 1);
    case Unit::kPercent:
      return fmt::format("{:.{}f} %", value, value > 0 && value < 1 ? 3 : 1);
    case Unit::kTimes:
      return fmt::format("{:.2f}", value);
  }
  return "-";
}

std::string FormatTime(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string DescribePlacements(const std::vector<Placement>& placements) {
  std::string text;
  for (const Placement& placement : placements) {
    if (!text.empty()) text += "; ";
    text += placement.cpus.size() == 1
                ? fmt::format("{}: CPU {}", placement.title, placement.first())
                : fmt::format("{}: CPUs {} and {}", placement.title, placement.first(), placement.second());
  }
  return text;
}

double ValueOf(const Finding& finding, std::string_view key) {
  const auto columns = finding.exhibit->family->columns;
  const auto column = std::find_if(columns.begin(), columns.end(), [key](const Column& c) { return c.key == key; });
  CHECK(column != columns.end());
  const auto index = static_cast<std::size_t>(column - columns.begin());
  const auto& values = finding.result.measured.values;
  const bool has = finding.result.state == StageResult::State::kMeasured && index < values.size();
  return has ? values[index] : std::numeric_limits<double>::quiet_NaN();
}

std::vector<std::string> Remarks(const Family& family, const Report& report) {
  const auto remark = [](const Finding& finding) {
    const bool measured = finding.result.state == StageResult::State::kMeasured;
    return measured ? finding.result.measured.note : "not measured: " + finding.result.why;
  };
  std::vector<std::string> remarks;
  for (auto at = report.findings.begin(); at != report.findings.end();) {
    const Exhibit& exhibit = *at->exhibit;
    const auto end = std::find_if(at, report.findings.end(), [&](const Finding& f) { return f.exhibit != &exhibit; });
    const bool same = std::all_of(at, end, [&](const Finding& f) { return remark(f) == remark(*at); });
    for (; exhibit.family == &family && at != end; ++at) {
      if (const std::string text = remark(*at); !text.empty()) {
        remarks.push_back(same ? fmt::format("{}: {}", exhibit.title, text)
                               : fmt::format("{}, {}: {}", exhibit.title, at->placement.title, text));
      }
      if (same) break;
    }
    at = end;
  }
  return remarks;
}

std::string TextReport(const Report& report) {
  std::string text;
  for (const Family* family : FamiliesOf(report)) {
    text += fmt::format("{}\n{}", family->title, Aligned(TableOf(*family, report)));
    for (const std::string& remark : Remarks(*family, report)) text += fmt::format("  {}\n", remark);
    text += '\n';
  }
  return text;
}

std::string JsonReport(const Report& report) {
  util::JsonWriter json(util::JsonWriter::Form::kIndented);
  json.BeginObject();
  json.Member("program", "colmeia-lab").Member("version", COLMEIA_VERSION);
  json.Member("started", FormatTime(report.started));
  json.Member("seconds", static_cast<double>(report.took.count()) / 1000);
  json.Member("quick", report.quick);
  json.Key("machine").BeginObject();
  json.Member("processor", report.machine.processor).Member("kernel", report.machine.kernel);
  json.Member("memory", static_cast<std::int64_t>(report.machine.memory));
  json.Key("cpus").BeginArray();
  for (const unsigned cpu : report.machine.cpus) json.Value(cpu);
  json.End().Member("sanitized", report.machine.sanitized).End();
  json.Key("placements").BeginArray();
  for (const Placement& placement : report.placements) {
    json.BeginObject().Member("name", placement.name).Key("cpus").BeginArray();
    for (const unsigned cpu : placement.cpus) json.Value(cpu);
    json.End().End();
  }
  json.End();
  json.Key("families").BeginArray();
  for (const Family* family : FamiliesOf(report)) {
    json.BeginObject().Member("name", family->name).Member("title", family->title);
    json.Key("columns").BeginArray();
    for (const Column& column : family->columns) {
      constexpr std::array<std::string_view, 7> kUnits{"ns", "1/s", "B/s", "B", "count", "percent", "times"};
      json.BeginObject().Member("key", column.key).Member("title", column.title);
      json.Member("unit", kUnits[static_cast<std::size_t>(column.unit)]).End();
    }
    json.End().Key("results").BeginArray();
    for (const Finding& finding : report.findings) {
      if (finding.exhibit->family != family) continue;
      const bool measured = finding.result.state == StageResult::State::kMeasured;
      json.BeginObject().Member("exhibit", finding.exhibit->name).Member("title", finding.exhibit->title);
      json.Member("placement", finding.placement.name).Member("measured", measured);
      if (measured) {
        json.Key("values").BeginObject();
        for (const Column& column : family->columns) json.Member(column.key, ValueOf(finding, column.key));
        json.End().Member("note", finding.result.measured.note);
      } else {
        json.Member("why", finding.result.why);
      }
      json.End();
    }
    json.End().End();
  }
  json.End().End();
  return json.text() + '\n';
}

}  // namespace colmeia::lab
