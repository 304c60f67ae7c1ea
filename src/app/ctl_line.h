// The command line of `colmeia ctl`: which options there are, for which verbs, and what was given.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ipc/messages.h"
#include "util/clock.h"
#include "util/options.h"
#include "util/result.h"

namespace colmeia::app {

// How `ctl trace` shows events.
enum class TraceFormat {
  kText,     // one line an event
  kJson,     // one object a line
  kMermaid,  // a sequence diagram
  kChrome,   // the Trace Event Format, for Perfetto
  kHex,      // text, and each message's bytes beside their meaning
};

struct ControlLine {
  ipc::Compile compile;                       // -p, -c, -g: where the configuration is that names the socket
  std::string socket;                         // --socket; empty: the configuration's
  bool json = false;                          // --json
  bool help = false;                          // -h
  std::optional<util::Milliseconds> timeout;  // --timeout; none: the route's patience
  std::string verb;                           // empty: none
  std::optional<std::uint32_t> number;
  std::string topic;  // of "help"

  // Of "trace".
  bool follow = false;
  bool last_reload = false;
  std::string since;
  TraceFormat format = TraceFormat::kText;

  // Of "top".
  bool once = false;
};

// In the order of the manual.
[[nodiscard]] std::span<const util::OptionRow> ControlOptions();

// `arguments` are those after "ctl". The error names the argument.
[[nodiscard]] Result<ControlLine> ParseControlLine(const std::vector<std::string>& arguments);

}  // namespace colmeia::app
