#include "app/ctl_line.h"

#include <algorithm>

#include <fmt/core.h>

#include "util/strings.h"
#include "util/units.h"

namespace colmeia::app {
namespace {

constexpr util::OptionRow kCtlOptions[] = {
    {"-p", "PREFIX", "", "the folder that relative paths start from"},
    {"-c", "FILE", "", "the configuration file that names the control socket"},
    {"-g", "DIRECTIVES", "", "directives of the main context, as the server was started with"},
    {"--socket", "PATH", "", "the control socket itself, without reading a configuration"},
    {"--timeout", "TIME", "", "how long to wait for the answer: 30s, 500ms"},
    {"--json", "", "", "the answer as JSON; of trace one object a line"},
    {"-h", "", "", "this help; also help VERB"},
    {"--follow", "", "trace", "go on showing events as they happen, until Ctrl-C or the server's end"},
    {"--last-reload", "", "trace", "the last reload only: what began it, and all that it led to"},
    {"--since", "TIME|SEQ", "trace", "from so long ago (5m), or from the event of this number on (120)"},
    {"--mermaid", "", "trace", "a Mermaid sequence diagram"},
    {"--chrome", "", "trace", "the Trace Event Format: open the file in https://ui.perfetto.dev or chrome://tracing"},
    {"--hex", "", "trace", "each message's bytes beside their meaning, field by field"},
    {"--once", "", "top", "one picture as plain text; so it is, too, when the output is no terminal"},
};

// Takes the value that an option was given.
class Values {
 public:
  explicit Values(ControlLine& line) : line_(line) {}

  Result<> Take(const util::OptionRow& option, const std::string& value) {
    const std::string_view name = option.name;
    if (name == "-p") line_.compile.prefix = value;
    if (name == "-c") line_.compile.conf = value;
    if (name == "-g") line_.compile.directives = value;
    if (name == "--socket") line_.socket = value;
    if (name == "--since") line_.since = value;
    if (name == "--follow") line_.follow = true;
    if (name == "--last-reload") line_.last_reload = true;
    if (name == "--once") line_.once = true;
    if (name == "-h") line_.help = true;
    if (name == "--json") line_.json = true;
    if (name == "--timeout") {
      line_.timeout = util::ParseTime(value);
      if (!line_.timeout) return Fail(fmt::format("\"--timeout {}\" is no time such as 30s or 500ms", value));
    }
    for (const auto& [of, format] : kFormats) {
      if (of != name) continue;
      // --json means something to every verb, so only two formats of the trace contradict each other.
      if (!format_.empty() && format_ != name)
        return Fail(fmt::format("\"{}\" and \"{}\" exclude each other", format_, name));
      format_ = name;
      line_.format = format;
    }
    return {};
  }

 private:
  static constexpr std::pair<std::string_view, TraceFormat> kFormats[] = {{"--json", TraceFormat::kJson},
                                                                          {"--mermaid", TraceFormat::kMermaid},
                                                                          {"--chrome", TraceFormat::kChrome},
                                                                          {"--hex", TraceFormat::kHex}};
  ControlLine& line_;
  std::string_view format_;  // the option that was given for it
};

// What stands without a dash: the verb, then its number, or what help is about.
Result<> TakeWord(ControlLine& line, const std::string& word) {
  if (line.verb.empty()) {
    line.verb = word;
  } else if (line.verb == "help" && line.topic.empty()) {
    line.topic = word;
  } else if (const auto number = util::ParseNumber<std::uint32_t>(word); number && !line.number) {
    line.number = number;
  } else {
    return Fail(fmt::format("\"{}\" is no number that \"{}\" takes", word, line.verb));
  }
  return {};
}

}  // namespace

std::span<const util::OptionRow> ControlOptions() { return kCtlOptions; }

Result<ControlLine> ParseControlLine(const std::vector<std::string>& arguments) {
  ControlLine line;
  Values values(line);
  std::vector<const util::OptionRow*> given;
  util::OptionReader reader(kCtlOptions, arguments, "colmeia ctl");
  for (;;) {
    const auto item = reader.Next();
    if (!item) return tl::unexpected(item.error());
    if (!*item) break;
    const auto& [option, text] = **item;
    auto taken = option == nullptr ? TakeWord(line, text) : values.Take(*option, text);
    if (!taken) return tl::unexpected(taken.error());
    if (option != nullptr) given.push_back(option);
  }
  for (const util::OptionRow* const option : given) {
    if (option->verb.empty() || option->verb == line.verb || line.help) continue;
    return Fail(fmt::format("option \"{}\" is for \"colmeia ctl {}\"", option->name, option->verb));
  }
  return line;
}

}  // namespace colmeia::app
