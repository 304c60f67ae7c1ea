#include "app/whereabouts.h"

#include <chrono>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "app/ctl.h"
#include "config/default_paths.h"
#include "config/diagnostic.h"
#include "config/tree.h"
#include "control/client.h"
#include "site/process.h"
#include "util/clock.h"

namespace colmeia::app {
namespace {

bool IsSameFile(const std::string& a, const std::string& b) {
  std::error_code error;
  return a == b || std::filesystem::equivalent(a, b, error);
}

}  // namespace

Whereabouts WhereaboutsIn(const config::Source& source) {
  std::optional<std::string> pid;
  std::optional<std::string> control;
  config::Diagnostics told_by_others;
  for (const config::Node& node : config::ParseTree(source, told_by_others)) {
    if (node.block || node.words.size() != 2) continue;
    if (node.name().text == "pid") pid = node.words.back().text;
    if (node.name().text == "control") control = node.words.back().text;
  }

  const auto absolute = [&](const std::string& path) { return path.starts_with('/') ? path : source.prefix + path; };
  Whereabouts out;
  out.pid_is_named = pid.has_value();
  if (!pid) pid = std::string(config::kDefaultPid);
  if (!pid->empty()) out.pid_path = absolute(*pid);
  if (control) {
    if (*control != "off") out.control_path = absolute(*control);
  } else if (!pid->empty()) {
    out.control_path = site::ControlBeside(out.pid_path);
  }
  return out;
}

std::optional<std::string> PidFileOfServer(const std::string& control_path, const std::string& conf_path) {
  static constexpr std::chrono::seconds kPatience{5};
  if (control_path.empty()) return std::nullopt;
  const util::TimePoint deadline = util::Now() + kPatience;
  auto client = control::Client::Connect(control_path, deadline);
  if (!client) return std::nullopt;
  const auto status = FetchStatus(*client, deadline);
  if (!status || !IsSameFile(status->server.configuration, conf_path)) return std::nullopt;
  return status->server.pid_file;
}

}  // namespace colmeia::app
