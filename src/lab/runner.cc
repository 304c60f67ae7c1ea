#include "lab/runner.h"

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "lab/progress.h"
#include "sys/error.h"

namespace colmeia::lab {
namespace {

// As long as the slowest exhibit takes on a busy machine, and some more.
constexpr std::chrono::seconds kLimit(30);

// A directory of our own, gone with all that is in it.
class Scratch {
 public:
  static Result<std::string> Make() {
    const char* const set = getenv("TMPDIR");
    std::string path = fmt::format("{}/colmeia-lab-XXXXXX", set != nullptr && *set != '\0' ? set : "/tmp");
    if (mkdtemp(path.data()) == nullptr) return sys::FailErrno("cannot make a directory for temporary files, " + path);
    return path;
  }

  explicit Scratch(std::string path) : path_(std::move(path)) {}
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Step {
  const Exhibit* exhibit;
  const Placement* placement;
  std::chrono::milliseconds takes;
};

std::vector<Step> Steps(const Plan& plan) {
  std::vector<Step> steps;
  for (const Exhibit* exhibit : plan.exhibits) {
    for (const Placement& placement : plan.placements) {
      if (exhibit->alone && &placement != &plan.placements.front()) continue;
      steps.push_back({exhibit, &placement, plan.quick ? exhibit->takes / 10 : exhibit->takes});
    }
  }
  return steps;
}

// Numbers that are no numbers would stand in every chart: an exhibit that gives other than its columns is broken.
void CheckShape(const Exhibit& exhibit, StageResult& result) {
  if (result.state != StageResult::State::kMeasured) return;
  if (result.measured.values.size() == exhibit.family->columns.size()) return;
  result.state = StageResult::State::kUnavailable;
  result.why =
      fmt::format("it gave {} numbers instead of {}", result.measured.values.size(), exhibit.family->columns.size());
}

}  // namespace

Result<Report> Run(const Plan& plan, const std::function<bool()>& stopped) {
  auto made = Scratch::Make();
  if (!made) return tl::unexpected(made.error());
  const Scratch scratch(*made);

  Report report;
  report.machine = ThisMachine();
  report.placements = plan.placements;
  report.started = std::chrono::system_clock::now();
  report.quick = plan.quick;

  const std::vector<Step> steps = Steps(plan);
  std::chrono::milliseconds total{0};
  for (const Step& step : steps) total += step.takes;
  Progress progress(total, plan.terminal);
  for (const Step& step : steps) {
    if (stopped()) break;
    const Scratch own(scratch.path() + "/stage");
    std::error_code error;
    std::filesystem::create_directory(own.path(), error);
    if (error) return Fail("cannot make a directory for temporary files in " + scratch.path(), error.value());

    progress.Begin(fmt::format("{}, {}", step.exhibit->title, step.placement->title), step.takes);
    const Setting setting{*step.placement, plan.quick, own.path()};
    const auto watch = [&] {
      progress.Tick();
      return !stopped();
    };
    StageResult result = RunStage(*step.exhibit, setting, kLimit, watch);
    if (result.state == StageResult::State::kInterrupted) break;
    CheckShape(*step.exhibit, result);
    progress.End(result.why);
    report.findings.push_back({step.exhibit, *step.placement, std::move(result)});
  }
  report.took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now() - report.started);
  return report;
}

}  // namespace colmeia::lab
