#include "supervisor/command.h"

#include <fmt/core.h>

#include "util/check.h"

namespace colmeia::supervisor {
namespace {

struct Row {
  Command command;
  std::string_view name;
  bool has_argument;
};

constexpr Row kRows[] = {
    {Command::kReload, "reload", false}, {Command::kReopen, "reopen", false},   {Command::kQuit, "quit", false},
    {Command::kStop, "stop", false},     {Command::kUpgrade, "upgrade", false}, {Command::kRestart, "restart", false},
    {Command::kScale, "scale", true},    {Command::kDrain, "drain", true},      {Command::kKill, "kill", true},
};

const Row& RowOf(Command command) {
  for (const Row& row : kRows) {
    if (row.command == command) return row;
  }
  CHECK(false);
  return kRows[0];
}

}  // namespace

std::string_view CommandName(Command command) { return RowOf(command).name; }

std::string Describe(const Order& order) {
  const Row& row = RowOf(order.command);
  return row.has_argument ? fmt::format("{} {}", row.name, order.argument) : std::string(row.name);
}

}  // namespace colmeia::supervisor
