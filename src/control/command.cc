#include "control/command.h"

#include "control/routes.h"

namespace colmeia::control {

std::string_view CommandName(Command command) {
  const std::string_view path = RouteOf(command).path;
  return command == Command::kScale ? "scale" : path.substr(1);
}

}  // namespace colmeia::control
