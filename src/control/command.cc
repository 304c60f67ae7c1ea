#include "control/command.h"

#include <fmt/core.h>

#include "control/routes.h"

namespace colmeia::control {

std::string_view CommandName(Command command) {
  const std::string_view path = RouteOf(command).path;
  return command == Command::kScale ? "scale" : path.substr(1);
}

std::string Describe(const Order& order) {
  const std::string_view name = CommandName(order.command);
  return RouteOf(order.command).argument.empty() ? std::string(name) : fmt::format("{} {}", name, order.argument);
}

}  // namespace colmeia::control
