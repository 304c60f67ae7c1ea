#include "app/ctl_text.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "util/escape.h"
#include "util/strings.h"

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

// Its lines, each escaped by itself.
std::string LinesOf(std::string_view text) {
  std::string out;
  while (text.ends_with('\n')) text.remove_suffix(1);
  for (const std::string_view line : util::Split(text, '\n')) {
    if (!out.empty()) out += '\n';
    out += util::Escaped(util::EscapeFor::kCell, line);
  }
  return out;
}

// One value of one row.
struct Cell {
  std::string_view title;
  std::string text;
  bool right = false;        // numbers stand at the right of their column
  bool joined = false;       // it belongs to the cell before it: they stay in one table
  bool section = false;      // a group of groups begins: a table of its own, when one line cannot hold all
  std::string_view style{};  // a terminal's sequence, ended by kPlain; empty: none
};

constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kRed = "\x1b[1;31m";

// What the word for a state is shown in.
struct StateStyle {
  std::string_view word;
  std::string_view style;
};
constexpr StateStyle kStateStyles[] = {
    {"ready", kGreen},    {"serving", kGreen},  {"starting", kYellow}, {"draining", kYellow}, {"compiling", kYellow},
    {"opening", kYellow}, {"resting", kYellow}, {"silent", kRed},      {"killed", kRed},      {"gone", kRed},
    {"degraded", kRed},   {"stopping", kRed},   {"rejected", kRed},
};

std::string_view StyleOfState(std::string_view state) {
  const auto* const found = std::find_if(std::begin(kStateStyles), std::end(kStateStyles),
                                         [state](const StateStyle& row) { return row.word == state; });
  return found == std::end(kStateStyles) ? std::string_view() : found->style;
}

std::string Styled(std::string_view text, std::string_view style) {
  return style.empty() ? std::string(text) : fmt::format("{}{}{}", style, text, kPlain);
}

// Visits a row: its values, and those of the groups in it.
struct CellsOf {
  std::vector<Cell>& out;
  bool& has_groups;
  bool coloured;
  bool has_lines;  // a text may have several

  template <class Member>
  void operator()(const Field& field, const Member& member) const {
    if constexpr (HasFields<Member>) {
      has_groups = true;
      const std::size_t first = out.size();
      bool groups_within = false;
      Member::Fields(member, CellsOf{out, groups_within, coloured, has_lines});
      if (groups_within) out[first].section = true;
      for (std::size_t i = first + 1; i < out.size() && !groups_within; ++i) out[i].joined = true;
    } else {
      const bool right = field.unit != Unit::kText && field.unit != Unit::kFlag;
      std::string text;
      if constexpr (std::is_same_v<Member, std::string>) {
        if (has_lines) text = LinesOf(member);
      }
      if (text.empty()) text = Text(field.unit, member);
      out.push_back({field.title, std::move(text), right});
      if (coloured && field.name == "state") out.back().style = StyleOfState(out.back().text);
    }
  }
};

template <class T>
std::vector<Cell> Cells(const T& row, bool coloured, bool has_lines = false) {
  std::vector<Cell> out;
  bool has_groups = false;
  T::Fields(row, CellsOf{out, has_groups, coloured, has_lines});
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
      line += Styled(Padded(row[column].text, WidthOf(rows, column), row[column].right), row[column].style);
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
std::string ListText(std::string_view title, const std::vector<T>& list, const Paper& paper) {
  std::string out = fmt::format("{}: {}\n", title, list.size());
  if (list.empty()) return out;
  Rows rows;
  for (const T& one : list) rows.push_back(Cells(one, paper.coloured));
  return out + Table(rows, paper.width, /*keyed=*/true);
}

// Names and values, one a line; what a value has beyond its first line stands below that.
template <class T>
std::string LinesText(const T& one, bool coloured) {
  const std::vector<Cell> cells = Cells(one, coloured, /*has_lines=*/true);
  std::size_t width = 0;
  for (const Cell& cell : cells) width = std::max(width, cell.title.size());
  std::string out;
  for (const Cell& cell : cells) {
    std::string_view title = cell.title;
    for (const std::string_view line : util::Split(cell.text, '\n')) {
      AppendLine(out, fmt::format("  {:<{}}  {}", std::exchange(title, ""), width, Styled(line, cell.style)));
    }
  }
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

std::string NanosecondsText(std::uint64_t ns) {
  if (ns < 1000) return fmt::format("{}ns", ns);
  return ns < 1'000'000 ? fmt::format("{}us", ns / 1000) : MillisecondsText(ns / 1'000'000);
}

std::string WorkersText(const control::Status& status, const Paper& paper) {
  return ListText("workers", status.workers, paper);
}

std::string GenerationsText(const control::Status& status, const Paper& paper) {
  return ListText("generations", status.generations, paper);
}

std::string StatusText(const control::Status& status, const Paper& paper) {
  return "server\n" + LinesText(status.server, paper.coloured) + "\n" + WorkersText(status, paper) + "\n" +
         GenerationsText(status, paper) + "\n" + ListText("listeners", status.listeners, paper) +
         (status.zones.empty() ? "" : "\n" + ListText("zones", status.zones, paper)) +
         "\ntotals of all workers that ever lived\n" +
         Table({Cells(status.totals, paper.coloured)}, paper.width, /*keyed=*/false);
}

std::string HealthText(const control::Health& health, bool coloured) {
  const std::string_view state_style = coloured ? StyleOfState(health.state) : std::string_view();
  const std::string silent = health.workers_silent > 0 ? fmt::format(", {} silent", health.workers_silent) : "";
  std::string out =
      fmt::format("{}: {} of {} workers ready{}, generation {}, up {}\n", Styled(health.state, state_style),
                  health.workers_ready, health.workers_wanted, Styled(silent, coloured && !silent.empty() ? kRed : ""),
                  health.generation, MillisecondsText(health.uptime_ms));
  for (const std::string_view note : util::Split(health.notes, '\n')) {
    if (!note.empty()) out += util::Escaped(util::EscapeFor::kCell, note) + "\n";
  }
  return out;
}

}  // namespace colmeia::app
