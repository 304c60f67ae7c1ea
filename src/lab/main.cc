// colmeia-lab: measures ways to coordinate. What it can do stands in catalogue.cc, how it is called in command_line.cc.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "lab/catalogue.h"
#include "lab/command_line.h"
#include "lab/report.h"
#include "lab/runner.h"
#include "sys/cpu.h"
#include "sys/descriptors.h"
#include "sys/files.h"

namespace colmeia::lab {
namespace {

volatile sig_atomic_t interrupted = 0;

void StopOnSignals() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

void Complain(const std::string& message) { fmt::print(stderr, "colmeia-lab: {}\n", message); }

// Opened before anything is measured: nobody should learn after two minutes that the directory does not exist.
Result<sys::UniqueFd> OpenReport(const std::string& path) {
  if (path.empty()) return sys::UniqueFd();
  return sys::OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
}

bool Save(const sys::UniqueFd& fd, const std::string& path, const std::string& text) {
  if (!fd) return true;
  if (auto written = sys::WriteAll(fd.get(), text, path); !written) {
    Complain(written.error().message);
    return false;
  }
  fmt::print("wrote {}\n", path);
  return true;
}

int Measure(const CommandLine& line) {
  const auto json = OpenReport(line.json);
  const auto html = OpenReport(line.html);
  for (const auto* file : {&json, &html}) {
    if (*file) continue;
    Complain(file->error().message);
    return kExitOutput;
  }
  Plan plan;
  plan.exhibits = *Choose(line.names);  // the command line was checked
  plan.placements = Placements(sys::EffectiveCpuSet());
  plan.quick = line.quick;
  plan.terminal = isatty(STDERR_FILENO) != 0;
  fmt::print(stderr, "{}\n", DescribePlacements(plan.placements));
  if (plan.placements.size() < 2) fmt::print(stderr, "this process may use one CPU only: two cores are not measured\n");

  StopOnSignals();
  const auto report = Run(plan, [] { return interrupted != 0; });
  if (!report) {
    Complain(report.error().message);
    return kExitOutput;
  }
  fmt::print("{}", TextReport(*report));
  fmt::print("{}, {:.1f} s{}\n", DescribePlacements(report->placements),
             static_cast<double>(report->took.count()) / 1000,
             report->machine.sanitized ? "; a build with sanitizers: not for comparison" : "");
  const bool saved = Save(*json, line.json, JsonReport(*report)) && Save(*html, line.html, HtmlReport(*report));
  if (!saved) return kExitOutput;
  if (interrupted != 0) {
    Complain("interrupted: this is what was measured until then");
    return kExitInterrupted;
  }
  const bool complete = std::all_of(report->findings.begin(), report->findings.end(), [](const Finding& finding) {
    return finding.result.state == StageResult::State::kMeasured;
  });
  return complete ? kExitOk : kExitNotMeasured;
}

int Main(const std::vector<std::string>& arguments) {
  // Descriptors that an exhibit opens must not get the numbers of closed standard ones.
  if (auto opened = sys::OpenStdio(); !opened) return kExitOutput;
  const auto line = ParseCommandLine(arguments);
  if (!line) {
    Complain(line.error().message);
    return kExitCommandLine;
  }
  switch (line->task) {
    case Task::kHelp:
      fmt::print("{}", HelpText());
      return kExitOk;
    case Task::kVersion:
      fmt::print("colmeia-lab {}\n", COLMEIA_VERSION);
      return kExitOk;
    case Task::kList:
      fmt::print("{}", ListText());
      return kExitOk;
    case Task::kNothing:
      return kExitOk;
    case Task::kMeasure:
      return Measure(*line);
  }
  return kExitCommandLine;
}

}  // namespace
}  // namespace colmeia::lab

int main(int argc, char** argv) { return colmeia::lab::Main({argv + 1, argv + argc}); }
