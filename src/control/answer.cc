#include "control/answer.h"

#include <utility>

namespace colmeia::control {
namespace {

struct Row {
  int exit_code;
  std::string_view name;
  http::Status status;
};

constexpr Row kRows[] = {
    {kExitOk, "done", http::Status::kOk},
    {kExitConfiguration, "configuration", http::Status::kUnprocessableContent},
    {kExitResources, "resources", http::Status::kServiceUnavailable},
    {kExitNotRunning, "not running", http::Status::kBadGateway},
    {kExitTimedOut, "timed out", http::Status::kGatewayTimeout},
    {kExitRolledBack, "rolled back", http::Status::kConflict},
};
constexpr Row kUnlisted{-1, "failed", http::Status::kInternalServerError};

const Row& RowOf(std::uint64_t exit_code) {
  for (const Row& row : kRows) {
    if (static_cast<std::uint64_t>(row.exit_code) == exit_code) return row;
  }
  return kUnlisted;
}

}  // namespace

std::string_view OutcomeName(int exit_code) { return RowOf(static_cast<std::uint64_t>(exit_code)).name; }

Answer MakeAnswer(int exit_code, std::string message) {
  return {exit_code == kExitOk, static_cast<std::uint64_t>(exit_code), std::string(OutcomeName(exit_code)),
          std::move(message)};
}

http::Status StatusOf(const Answer& answer) { return RowOf(answer.exit_code).status; }

}  // namespace colmeia::control
