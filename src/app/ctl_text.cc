#include "app/ctl_text.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "util/escape.h"

namespace colmeia::app {
namespace {

using control::Field;
using control::HasFields;
using control::Unit;

std::string Text(Unit unit, std::uint64_t value) {
  switch (unit) {
    case Unit::kBytes:
      return BytesText(value);
    case Unit::kMilliseconds:
      return MillisecondsText(value);
    case Unit::kNanoseconds:
      return NanosecondsText(value);
    default:
      return fmt::format("{}", value);
  }
}
std::string Text(Unit unit, const std::optional<std::uint64_t>& value) { return value ? Text(unit, *value) : "-"; }
std::string Text(Unit, bool value) { return value ? "yes" : "no"; }
std::string Text(Unit, const std::string& value) {
  return value.empty() ? "-" : util::Escaped(util::EscapeFor::kCell, value);
}

// One value of one row.
struct Cell {
  std::string_view title;
  std::string text;
  bool right = false;    // numbers stand at the right of their column
  bool joined = false;   // it belongs to the cell before it: they stay in one table
  bool section = false;  // a group of groups begins: a table of its own, when one line cannot hold all
};

// Visits a row: its values, and those of the groups in it.
struct CellsOf {
  std::vector<Cell>& out;
  bool& has_groups;

  template <class Member>
  void operator()(const Field& field, const Member& member) const {
    if constexpr (HasFields<Member>) {
      has_groups = true;
      const std::size_t first = out.size();
      bool groups_within = false;
      Member::Fields(member, CellsOf{out, groups_within});
      if (groups_within) out[first].section = true;
      for (std::size_t i = first + 1; i < out.size() && !groups_within; ++i) out[i].joined = true;
    } else {
      const bool right = field.unit != Unit::kText && field.unit != Unit::kFlag;
      out.push_back({field.title, Text(field.unit, member), right});
    }
  }
};

template <class T>
std::vector<Cell> Cells(const T& row) {
  std::vector<Cell> out;
  bool has_groups = false;
  T::Fields(row, CellsOf{out, has_groups});
  return out;
}

using Rows = std::vector<std::vector<Cell>>;

std::size_t WidthOf(const Rows& rows, std::size_t column) {
  std::size_t width = rows.front()[column].title.size();
  for (const auto& row : rows) width = std::max(width, row[column].text.size());
  return width;
}

std::string Padded(std::string_view text, std::size_t width, bool right) {
  return right ? fmt::format("{:>{}}", text, width) : fmt::format("{:<{}}", text, width);
}

constexpr std::string_view kGap = "  ";

void AppendLine(std::string& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

void AppendColumns(std::string& out, const Rows& rows, const std::vector<std::size_t>& columns) {
  std::string head;
  for (const std::size_t column : columns) {
    head += kGap;
    head += Padded(rows.front()[column].title, WidthOf(rows, column), rows.front()[column].right);
  }
  AppendLine(out, head);
  for (const auto& row : rows) {
    std::string line;
    for (const std::size_t column : columns) {
      line += kGap;
      line += Padded(row[column].text, WidthOf(rows, column), row[column].right);
    }
    AppendLine(out, line);
  }
}

// A table; what does not fit goes into further tables, each of which begins with the first column again if `keyed`.
std::string Table(const Rows& rows, std::size_t width, bool keyed) {
  const std::vector<Cell>& model = rows.front();
  const auto wide = [&](std::size_t column) { return kGap.size() + WidthOf(rows, column); };
  std::size_t whole = 0;
  for (std::size_t column = 0; column < model.size(); ++column) whole += wide(column);

  std::string out;
  std::vector<std::size_t> columns;
  std::size_t used = 0;
  for (std::size_t column = 0; column < model.size(); ++column) {
    std::size_t together = wide(column);
    for (std::size_t i = column + 1; i < model.size() && model[i].joined; ++i) together += wide(i);
    const bool full = used + (model[column].joined ? wide(column) : together) > width;
    const bool begun = columns.size() > (keyed ? 1 : 0);
    if (begun && (full || (model[column].section && whole > width))) {
      AppendColumns(out, rows, columns);
      columns.assign(keyed ? 1 : 0, 0);
      used = keyed ? wide(0) : 0;
    }
    columns.push_back(column);
    used += wide(column);
  }
  AppendColumns(out, rows, columns);
  return out;
}

template <class T>
std::string ListText(std::string_view title, const std::vector<T>& list, std::size_t width) {
  std::string out = fmt::format("{}: {}\n", title, list.size());
  if (list.empty()) return out;
  Rows rows;
  for (const T& one : list) rows.push_back(Cells(one));
  return out + Table(rows, width, /*keyed=*/true);
}

// Names and values, one a line.
template <class T>
std::string LinesText(const T& one) {
  const std::vector<Cell> cells = Cells(one);
  std::size_t width = 0;
  for (const Cell& cell : cells) width = std::max(width, cell.title.size());
  std::string out;
  for (const Cell& cell : cells) out += fmt::format("  {:<{}}  {}\n", cell.title, width, cell.text);
  return out;
}

}  // namespace

std::string BytesText(std::uint64_t bytes) {
  static constexpr std::string_view kUnits[] = {"K", "M", "G", "T", "P", "E"};
  if (bytes < 1024) return fmt::format("{}", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (value /= 1024; value >= 1024 && unit + 1 < std::size(kUnits); value /= 1024) ++unit;
  return fmt::format("{:.1f}{}", value, kUnits[unit]);
}

std::string MillisecondsText(std::uint64_t ms) {
  const std::uint64_t s = ms / 1000;
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (s < 60) return fmt::format("{}.{}s", s, ms % 1000 / 100);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{}h{:02}m", s / 3600, s % 3600 / 60);
  return fmt::format("{}d{:02}h", s / 86400, s % 86400 / 3600);
}

std::string NanosecondsText(std::uint64_t ns) {
  if (ns < 1000) return fmt::format("{}ns", ns);
  return ns < 1'000'000 ? fmt::format("{}us", ns / 1000) : MillisecondsText(ns / 1'000'000);
}

std::string WorkersText(const control::Status& status, std::size_t width) {
  return ListText("workers", status.workers, width);
}

std::string GenerationsText(const control::Status& status, std::size_t width) {
  return ListText("generations", status.generations, width);
}

std::string StatusText(const control::Status& status, std::size_t width) {
  return "server\n" + LinesText(status.server) + "\n" + WorkersText(status, width) + "\n" +
         GenerationsText(status, width) + "\n" + ListText("listeners", status.listeners, width) +
         "\ntotals of all workers that ever lived\n" + Table({Cells(status.totals)}, width, /*keyed=*/false);
}

std::string HealthText(const control::Health& health) {
  return fmt::format("{}: {} of {} workers ready, generation {}, up {}\n", health.state, health.workers_ready,
                     health.workers_wanted, health.generation, MillisecondsText(health.uptime_ms));
}

}  // namespace colmeia::app
