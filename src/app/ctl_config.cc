#include "app/ctl_config.h"

#include <unistd.h>

#include <fmt/format.h>

#include "app/ctl.h"
#include "app/modules.h"
#include "app/say.h"
#include "config/effective.h"
#include "config/source.h"
#include "control/answer.h"
#include "control/json.h"
#include "sys/files.h"

namespace colmeia::app {

Result<std::string> ConfigurationText(const control::Configuration& configuration) {
  const auto source = config::Source::Parse(configuration.source);
  if (!source) {
    return Fail(fmt::format("the server's configuration is not understood, it may be of another version: {}",
                            source.error().message));
  }
  return fmt::format(
      "# effective configuration of generation {}, with the place of each value, as {} was when it was read:\n{}",
      configuration.generation, source->conf_path, config::Effective(*source, Modules().registry()));
}

int ShowConfiguration(control::Client& client, const control::Route& route, const ControlLine& line,
                      util::TimePoint deadline) {
  const auto body = Fetch(client, route.path, deadline);
  if (!body) return Complain(body.error().code, body.error().message);
  if (line.json) {
    static_cast<void>(sys::WriteAll(STDOUT_FILENO, control::Pretty(*body) + "\n"));
    return control::kExitOk;
  }
  const auto configuration = control::ReadConfiguration(*body);
  if (!configuration) return Complain(control::kExitResources, configuration.error().message);
  const auto text = ConfigurationText(*configuration);
  if (!text) return Complain(control::kExitResources, text.error().message);
  static_cast<void>(sys::WriteAll(STDOUT_FILENO, *text));
  if (configuration->replaced > 0) {
    Say(log::Level::kWarn, fmt::format("{} bytes of the configuration are no UTF-8; each is shown as a question mark",
                                       configuration->replaced));
  }
  return control::kExitOk;
}

}  // namespace colmeia::app
