#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "lab/report.h"
#include "lab/svg.h"

namespace colmeia::lab {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark;
  --page: #faf9f6; --card: #ffffff; --ink: #1d1c1a; --soft: #66635c; --line: #e2dfd8;
  --one: #b7791f; --two: #2b6cb0; --accent: #8a5a0c; }
@media (prefers-color-scheme: dark) { :root {
  --page: #161513; --card: #1f1e1b; --ink: #ece9e2; --soft: #a39f95; --line: #38352f;
  --one: #e0a83e; --two: #63a4e8; --accent: #e0a83e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main, header { max-width: 72rem; margin: 0 auto; padding: 1.2rem; }
h1 { margin: 0.4rem 0 0; font-size: 1.7rem; }
h2 { margin: 0 0 0.3rem; font-size: 1.25rem; }
h3 { margin: 1.4rem 0 0.2rem; font-size: 0.95rem; font-weight: 600; }
p { max-width: 52rem; margin: 0.3rem 0; color: var(--soft); }
nav { margin: 0.8rem 0 0; display: flex; flex-wrap: wrap; gap: 0.4rem 1.1rem; }
a { color: var(--accent); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.2rem; margin: 0 0 1.4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1rem; margin: 0.8rem 0 0; font-size: 0.92rem; }
dt { color: var(--soft); } dd { margin: 0; }
.warning { color: var(--ink); border-left: 4px solid var(--one); padding-left: 0.7rem; }
.scroll { overflow-x: auto; margin-top: 1rem; }
table { border-collapse: collapse; font-size: 0.86rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: 0.22rem 0.6rem; text-align: right; border-bottom: 1px solid var(--line); }
th { font-weight: 600; vertical-align: bottom; white-space: normal; }
th[scope=row], th:first-child, td.cores, th.cores, td.why { text-align: left; }
th[scope=row] { vertical-align: top; white-space: nowrap; }
tr.two td, tr.last td { border-bottom-color: var(--line); }
td.cores::before { content: ""; display: inline-block; width: 0.6em; height: 0.6em; border-radius: 2px; margin-right: 0.45em; }
td.one::before { background: var(--one); } td.two::before { background: var(--two); }
td.why { color: var(--soft); white-space: normal; }
ul.remarks { font-size: 0.86rem; color: var(--soft); margin: 0.8rem 0 0; }
details dl { grid-template-columns: minmax(8rem, max-content) 1fr; } dt code { color: var(--soft); }
details { margin-top: 0.9rem; font-size: 0.9rem; } summary { cursor: pointer; color: var(--accent); }
ul { margin: 0.4rem 0; padding-left: 1.2rem; } li { margin: 0.15rem 0; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, monospace; font-size: 0.92em; }
svg { display: block; width: 100%; min-width: 38rem; max-width: 62rem; height: auto; }
.chart { overflow-x: auto; }
svg text { fill: var(--ink); font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
svg .soft { fill: var(--soft); font-size: 11px; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .one { fill: var(--one); stroke: var(--one); } svg .two { fill: var(--two); stroke: var(--two); }
.legend { display: flex; gap: 1.2rem; font-size: 0.86rem; color: var(--soft); margin-top: 0.6rem; }
.legend span::before { content: ""; display: inline-block; width: 0.7em; height: 0.7em; border-radius: 2px; margin-right: 0.4em; }
.legend .one::before { background: var(--one); } .legend .two::before { background: var(--two); }
)css";

std::vector<const Finding*> FindingsOf(const Family& family, const Report& report) {
  std::vector<const Finding*> found;
  for (const Finding& finding : report.findings) {
    if (finding.exhibit->family == &family) found.push_back(&finding);
  }
  return found;
}

Unit UnitOf(const Family& family, std::string_view key) {
  const auto column = std::find_if(family.columns.begin(), family.columns.end(),
                                   [key](const Column& candidate) { return candidate.key == key; });
  return column == family.columns.end() ? Unit::kCount : column->unit;
}

std::string ChartOf(const Family& family, const Chart& chart, const std::vector<const Finding*>& findings) {
  BarChart bars;
  bars.title = chart.title;
  bars.unit = UnitOf(family, chart.value);
  bars.logarithmic = chart.logarithmic;
  for (const Finding* finding : findings) {
    const double value = ValueOf(*finding, chart.value);
    if (!std::isfinite(value)) continue;
    if (bars.groups.empty() || bars.groups.back().label != finding->exhibit->title) {
      bars.groups.push_back({std::string(finding->exhibit->title), {}});
    }
    const double upto = chart.upto.empty() ? value : ValueOf(*finding, chart.upto);
    bars.groups.back().bars.push_back({std::string(finding->placement.name), value, upto});
  }
  if (bars.groups.empty()) return {};
  return fmt::format("<h3>{}</h3>\n<div class=chart>{}</div>\n<p class=tells>{}</p>\n", EscapeHtml(chart.title),
                     RenderSvg(bars), EscapeHtml(chart.tells));
}

std::string TableOf(const Family& family, const std::vector<const Finding*>& findings) {
  std::string html = "<div class=scroll><table>\n<thead><tr><th></th><th class=cores>cores</th>";
  for (const Column& column : family.columns) html += fmt::format("<th scope=col>{}</th>", EscapeHtml(column.title));
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Finding& finding = *findings[i];
    html += "<tr>";
    if (i == 0 || findings[i - 1]->exhibit != finding.exhibit) {
      std::size_t rows = 1;
      while (i + rows < findings.size() && findings[i + rows]->exhibit == finding.exhibit) ++rows;
      html += fmt::format("<th scope=row rowspan={}>{}</th>", rows, EscapeHtml(finding.exhibit->title));
    }
    html += fmt::format("<td class=\"cores {0}\">{0}</td>", finding.placement.name);
    if (finding.result.state == StageResult::State::kMeasured) {
      for (const Column& column : family.columns) {
        html += fmt::format("<td>{}</td>", EscapeHtml(FormatValue(ValueOf(finding, column.key), column.unit)));
      }
    } else {
      html += fmt::format("<td class=why colspan={}>not measured: {}</td>", family.columns.size(),
                          EscapeHtml(finding.result.why));
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

std::string RemarksOf(const Family& family, const Report& report) {
  const std::vector<std::string> remarks = Remarks(family, report);
  if (remarks.empty()) return {};
  std::string html = "<ul class=remarks>\n";
  for (const std::string& remark : remarks) html += fmt::format("<li>{}</li>\n", EscapeHtml(remark));
  return html + "</ul>\n";
}

// What each exhibit is, and where colmeia does the same.
std::string Explanations(const std::vector<const Finding*>& findings) {
  std::string html = "<details><summary>What each of these is</summary>\n<dl>\n";
  const Exhibit* last = nullptr;
  for (const Finding* finding : findings) {
    if (finding->exhibit == last) continue;
    last = finding->exhibit;
    html += fmt::format("<dt>{} <code>{}</code></dt><dd>{}", EscapeHtml(last->title), EscapeHtml(last->name),
                        EscapeHtml(last->what));
    if (!last->used_in.empty()) html += fmt::format("; in colmeia: <code>{}</code>", EscapeHtml(last->used_in));
    html += "</dd>\n";
  }
  return html + "</dl></details>\n";
}

std::string HeadOf(const Report& report, const std::vector<const Family*>& families) {
  std::string html = "<header>\n<h1>The laboratory of colmeia</h1>\n";
  html += "<p>Every way to coordinate that an operating-systems course names, measured on this machine.</p>\n<dl>\n";
  const auto row = [&html](std::string_view name, std::string_view value) {
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", EscapeHtml(name), EscapeHtml(value));
  };
  row("Processor", report.machine.processor);
  row("Kernel", report.machine.kernel);
  row("Memory", FormatValue(static_cast<double>(report.machine.memory), Unit::kBytes));
  row("Pinned to", DescribePlacements(report.placements));
  row("Measured", fmt::format("{}, in {:.0f} s, by colmeia-lab {}", FormatTime(report.started),
                              static_cast<double>(report.took.count()) / 1000, COLMEIA_VERSION));
  html += "</dl>\n";
  if (report.placements.size() < 2)
    html += "<p class=warning>This process may use one CPU only: two cores were not measured.</p>\n";
  if (report.quick) html += "<p class=warning>A quick run: a tenth of the samples.</p>\n";
  if (report.machine.sanitized) {
    html +=
        "<p class=warning>Measured by a build with sanitizers: these numbers are for tests, not for comparison.</p>\n";
  }
  html += "<nav aria-label=Families>";
  for (const Family* family : families) {
    html += fmt::format("<a href=\"#{}\">{}</a>", EscapeHtml(family->name), EscapeHtml(family->title));
  }
  return html + "</nav>\n</header>\n";
}

}  // namespace

std::string HtmlReport(const Report& report) {
  const std::vector<const Family*> families = FamiliesOf(report);
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
      "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
      "<title>The laboratory of colmeia</title>\n<style>{}</style>\n</head>\n<body>\n",
      kStyle);
  html += HeadOf(report, families) + "<main>\n";
  for (const Family* family : families) {
    const std::vector<const Finding*> findings = FindingsOf(*family, report);
    html += fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n<p>{}</p>\n", EscapeHtml(family->name),
                        EscapeHtml(family->title), EscapeHtml(family->about));
    html += "<div class=legend>";
    for (const Placement& placement : report.placements) {
      html += fmt::format("<span class={}>{}</span>", placement.name, EscapeHtml(placement.title));
    }
    html += "</div>\n";
    for (const Chart& chart : family->charts) html += ChartOf(*family, chart, findings);
    html += TableOf(*family, findings) + RemarksOf(*family, report) + Explanations(findings) + "</section>\n";
  }
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace colmeia::lab
