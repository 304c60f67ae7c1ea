#include "app/ctl_config.h"

#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "app/modules.h"
#include "app/say.h"
#include "config/effective.h"
#include "config/source.h"
#include "control/answer.h"
#include "control/json.h"
#include "sys/files.h"

namespace colmeia::app {
namespace {

int Complain(int exit_code, std::string_view why) {
  Say(log::Level::kError, why);
  return exit_code;
}

// The body of the answer, or an error whose code is the exit code.
Result<std::string> Ask(control::Client& client, const control::Route& route, util::TimePoint deadline) {
  auto response = client.Ask(route.method, route.path, {}, deadline);
  if (!response) {
    return Fail(response.error().message,
                response.error().code == ETIMEDOUT ? control::kTimedOut : control::kNotRunning);
  }
  if (response->status == 200) return std::move(response->body);
  const auto answer = control::ReadAnswer(response->body);
  if (!answer) return Fail(fmt::format("the server answered with status {}", response->status), control::kResources);
  return Fail(answer->message, static_cast<int>(answer->exit_code));
}

}  // namespace

Result<std::string> ConfigurationText(const control::Configuration& configuration) {
  const auto source = config::Source::Parse(configuration.source);
  if (!source) {
    return Fail(fmt::format("the server's configuration is not understood, it may be of another version: {}",
                            source.error().message));
  }
  return fmt::format(
      "# effective configuration of generation {}, with the place of each value, as {} was when it was "
      "read:\n{}",
      configuration.generation, source->conf_path, config::Effective(*source, Modules().registry()));
}

int ShowConfiguration(control::Client& client, const control::Route& route, const ControlLine& line,
                      util::TimePoint deadline) {
  const auto body = Ask(client, route, deadline);
  if (!body) return Complain(body.error().code, body.error().message);
  if (line.json) {
    static_cast<void>(sys::WriteAll(STDOUT_FILENO, control::Pretty(*body) + "\n"));
    return control::kDone;
  }
  const auto configuration = control::ReadConfiguration(*body);
  if (!configuration) return Complain(control::kResources, configuration.error().message);
  const auto text = ConfigurationText(*configuration);
  if (!text) return Complain(control::kResources, text.error().message);
  static_cast<void>(sys::WriteAll(STDOUT_FILENO, *text));
  if (configuration->replaced > 0) {
    Say(log::Level::kWarn, fmt::format("{} bytes of the configuration are no UTF-8; each is shown as a question mark",
                                       configuration->replaced));
  }
  return control::kDone;
}

}  // namespace colmeia::app
