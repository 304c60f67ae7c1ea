// Answer: what came of an order, as the control socket tells it and the command line ends with.
#pragma once

#include <string>
#include <string_view>

#include "control/fields.h"
#include "http/status.h"
#include "util/result.h"

namespace colmeia::control {

// Exit codes of every command, and the results of orders: the same numbers everywhere (supervisor::RequestOutcome has
// them, too).
inline constexpr int kExitOk = 0;
inline constexpr int kExitConfiguration = 1;  // the configuration, or what was asked for, has a mistake
inline constexpr int kExitResources = 2;      // an address, a file or a right could not be had
inline constexpr int kExitNotRunning = 3;
inline constexpr int kExitTimedOut = 4;
inline constexpr int kExitRolledBack = 5;

// "done", "configuration", ... ; "failed" for another number.
[[nodiscard]] std::string_view OutcomeName(int exit_code);

struct Answer {
  bool ok = true;
  std::uint64_t exit_code = 0;
  std::string outcome = "done";
  std::string message;  // for the operator: what was done, or what was wrong and where; may have several lines

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"ok", "OK", Unit::kFlag, "whether what was asked for was done"}, self.ok);
    visit(Field{"exit_code", "EXIT", Unit::kNumber, "what a command that asked for it exits with"}, self.exit_code);
    visit(Field{"outcome", "OUTCOME", Unit::kText, "the exit code in words"}, self.outcome);
    visit(Field{"message", "MESSAGE", Unit::kText, "what was done, or what was wrong and where"}, self.message);
  }
  bool operator==(const Answer&) const = default;
};

[[nodiscard]] Answer MakeAnswer(int exit_code, std::string message);

// The status of the HTTP response: 200 when it was done.
[[nodiscard]] http::Status StatusOf(const Answer& answer);

}  // namespace colmeia::control
