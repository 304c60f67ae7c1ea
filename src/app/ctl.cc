#include "app/ctl.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "app/compile.h"
#include "app/ctl_config.h"
#include "app/ctl_help.h"
#include "app/ctl_text.h"
#include "app/ctl_top.h"
#include "app/ctl_trace.h"
#include "app/say.h"
#include "app/whereabouts.h"
#include "control/json.h"
#include "sys/files.h"
#include "sys/pid_file.h"
#include "util/strings.h"

namespace colmeia::app {
namespace {

using control::Answer;
using control::Client;
using control::MakeAnswer;
using control::Response;
using control::Route;
using control::View;
using supervisor::Command;

void Print(std::string_view text) {
  // Whoever closed descriptor 1 does not want to read.
  static_cast<void>(sys::WriteAll(STDOUT_FILENO, text));
}

// As the output is; NO_COLOR (https://no-color.org) and a dumb terminal are heard.
Paper PaperOfOutput() {
  const char* const refusal = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  Paper paper;
  paper.coloured = isatty(STDOUT_FILENO) == 1 && (refusal == nullptr || *refusal == '\0') && terminal != nullptr &&
                   std::string_view(terminal) != "dumb";
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) paper.width = size.ws_col;
  return paper;
}

util::TimePoint In(util::Milliseconds time) { return util::Now() + time; }

std::string UnknownVerb(const std::string& verb) {
  const std::string_view close = util::Closest(verb, ControlVerbs());
  return close.empty() ? fmt::format("there is no verb \"{}\"; colmeia ctl -h lists them", verb)
                       : fmt::format("there is no verb \"{}\"; did you mean \"{}\"?", verb, close);
}

// The route that was meant, or why there is none.
Result<const Route*> RouteFor(const ControlLine& line) {
  const Route* const route = control::FindVerb(line.verb, line.number.has_value());
  if (route != nullptr) {
    if (line.number.value_or(route->least) >= route->least) return route;
    return Fail(fmt::format("\"{}\" takes a number of {} or more", line.verb, route->least));
  }
  if (control::FindVerb(line.verb, true) != nullptr) {
    return Fail(fmt::format("\"{}\" needs a number: colmeia ctl {} N", line.verb, line.verb));
  }
  if (control::FindVerb(line.verb, false) != nullptr) return Fail(fmt::format("\"{}\" takes no number", line.verb));
  return Fail(UnknownVerb(line.verb));
}

// Where the server that is meant listens, and which process it is, as far as that is known.
struct Meant {
  std::string socket;
  std::optional<pid_t> pid;
  std::string pid_path;
};

// Or an exit code, after it was said why there is none.
tl::expected<Meant, int> FindServer(const ControlLine& line) {
  if (!line.socket.empty()) return Meant{line.socket, std::nullopt, {}};
  const Compilation compilation = CompileConfiguration(line.compile, nullptr);
  if (!compilation.ok) {
    const Whereabouts where = WhereaboutsIn(compilation.source);
    if (auto pid_path = PidFileOfServer(where.control_path, compilation.source.conf_path)) {
      return Meant{where.control_path, std::nullopt, *std::move(pid_path)};
    }
    SayText(compilation.diagnostics, log::Level::kError);
    return tl::unexpected(Complain(control::kExitConfiguration,
                                   "the configuration that names the control socket has mistakes; name the socket "
                                   "with --socket to go without it"));
  }
  if (compilation.plan.control_path.empty()) {
    return tl::unexpected(
        Complain(control::kExitConfiguration,
                 fmt::format("there is no control socket: {} says \"control off\"", compilation.plan.conf_path)));
  }
  Meant meant{compilation.plan.control_path, std::nullopt, compilation.plan.pid_path};
  if (const auto pid = sys::PidFile::RunningPid(meant.pid_path)) meant.pid = *pid;
  return meant;
}

// Two configurations may name one socket: an order must not go to the other's server.
Result<Client> Reach(const Meant& meant, util::TimePoint deadline) {
  auto client = Client::Connect(meant.socket, deadline);
  if (client && meant.pid && client->server_pid() != 0 && client->server_pid() != *meant.pid) {
    return Fail(
        fmt::format("process {} answers at {}, but {} says that process {} is meant; name a socket with --socket",
                    client->server_pid(), meant.socket, meant.pid_path, *meant.pid));
  }
  return client;
}

std::string WhyNot(const Error& error) {
  if (error.code == ENOENT || error.code == ECONNREFUSED) return "not running: " + error.message;
  return error.message;
}

// Why there is no page in a response; the code is the exit code.
Error Refusal(const Response& response) {
  const auto answer = control::ReadAnswer(response.body);
  if (!answer) return {fmt::format("the server answered with status {}", response.status), control::kExitResources};
  return {answer->message, static_cast<int>(answer->exit_code)};
}

int Show(View view, const std::string& body) {
  if (view == View::kHealth) {
    const auto health = control::ReadHealth(body);
    if (!health) return Complain(control::kExitConfiguration, health.error().message);
    Print(HealthText(*health, PaperOfOutput().coloured));
    return health->ok ? control::kExitOk : control::kExitResources;
  }
  const auto status = control::ReadStatus(body);
  if (!status) return Complain(control::kExitConfiguration, status.error().message);
  const Paper paper = PaperOfOutput();
  switch (view) {
    case View::kWorkers:
      Print(WorkersText(*status, paper));
      break;
    case View::kGenerations:
      Print(GenerationsText(*status, paper));
      break;
    default:
      Print(StatusText(*status, paper));
  }
  return control::kExitOk;
}

int AskView(Client& client, const Route& route, bool json, util::TimePoint deadline) {
  const auto response = client.Ask(route.method, route.path, {}, deadline);
  if (!response) return Complain(ExitCodeOf(response.error()), response.error().message);
  const View view = std::get<View>(route.asks);
  if (response->status != 200 && view != View::kHealth) {
    const Error why = Refusal(*response);
    return Complain(why.code, why.message);
  }
  if (!json) return Show(view, response->body);
  Print(control::Pretty(response->body) + "\n");
  return response->status == 200 ? control::kExitOk : control::kExitResources;
}

int GiveOrder(Client& client, const Route& route, const ControlLine& line, util::TimePoint deadline) {
  const Answer answer = Order(client, route, line.number.value_or(0), deadline);
  if (line.json) {
    Print(control::Pretty(control::AnswerJson(answer)) + "\n");
  } else if (answer.ok) {
    Print((answer.message.empty() ? std::string(route.verb) + ": done" : answer.message) + "\n");
  } else {
    Say(log::Level::kError, answer.message.empty() ? answer.outcome : answer.message);
  }
  return static_cast<int>(answer.exit_code);
}

// Of the verb that is asked about or given, or of all.
int Help(const ControlLine& line) {
  const std::string& verb = line.verb == "help" ? line.topic : line.verb;
  const std::string text = verb.empty() ? ControlHelp() : ControlHelp(verb);
  if (text.empty()) return Complain(control::kExitConfiguration, UnknownVerb(verb));
  Print(text);
  return control::kExitOk;
}

// Without a verb: how it is going, and what can be asked.
int Introduce(const ControlLine& line) {
  int code = control::kExitNotRunning;
  const auto server = FindServer(line);
  if (!server) {
    code = server.error();
  } else if (auto client = Reach(*server, In(line.timeout.value_or(util::Milliseconds(5000)))); !client) {
    code = Complain(ExitCodeOf(client.error()), WhyNot(client.error()));
  } else {
    const Route& health = *control::FindVerb("health", false);
    code = AskView(*client, health, line.json, In(line.timeout.value_or(health.patience)));
  }
  if (!line.json) Print(fmt::format("\nVerbs:\n{}\ncolmeia ctl -h lists the options.\n", VerbsText()));
  return code;
}

}  // namespace

bool EndsServer(const Route& route) {
  const auto* const command = std::get_if<Command>(&route.asks);
  return command != nullptr && (*command == Command::kQuit || *command == Command::kStop);
}

Answer Order(Client& client, const Route& route, std::uint32_t argument, util::TimePoint deadline) {
  const bool ends = EndsServer(route);
  const auto response = client.Ask(route.method, route.path, control::BodyFor(route, argument), deadline);
  Answer answer = MakeAnswer(control::kExitOk, {});
  if (response) {
    auto read = control::ReadAnswer(response->body);
    if (!read) return MakeAnswer(control::kExitConfiguration, read.error().message);
    answer = *std::move(read);
  } else if (response.error().code != ECONNRESET || !ends) {
    // One that was told to leave may be gone before it has answered.
    return MakeAnswer(ExitCodeOf(response.error()), response.error().message);
  }
  if (answer.ok && ends && !client.AwaitEnd(deadline)) {
    return MakeAnswer(control::kExitTimedOut,
                      fmt::format("process {} was told to {} and has not ended yet", client.server_pid(), route.verb));
  }
  return answer;
}

Result<std::string> Fetch(Client& client, std::string_view target, util::TimePoint deadline) {
  auto response = client.Ask(http::Method::kGet, target, {}, deadline);
  if (!response) return Fail(response.error().message, ExitCodeOf(response.error()));
  if (response->status != 200) return tl::unexpected(Refusal(*response));
  return std::move(response->body);
}

Result<control::Status> FetchStatus(Client& client, util::TimePoint deadline) {
  const auto body = Fetch(client, "/status", deadline);
  if (!body) return tl::unexpected(body.error());
  return control::ReadStatus(*body);
}

int ExitCodeOf(const Error& error) {
  switch (error.code) {
    case ETIMEDOUT:
      return control::kExitTimedOut;
    case EACCES:
    case EPERM:
      return control::kExitResources;
    default:
      return control::kExitNotRunning;
  }
}

int RunControl(const std::vector<std::string>& arguments) {
  const auto line = ParseControlLine(arguments);
  if (!line) return Complain(control::kExitConfiguration, line.error().message);
  if (line->help || line->verb == "help") return Help(*line);
  if (line->verb.empty()) return Introduce(*line);
  const bool is_top = line->verb == "top";
  const auto route = is_top ? Result<const Route*>(control::FindVerb("status", false)) : RouteFor(*line);
  if (!route) return Complain(control::kExitConfiguration, route.error().message);
  const auto server = FindServer(*line);
  if (!server) return server.error();
  const util::TimePoint deadline = In(line->timeout.value_or((*route)->patience));
  auto client = Reach(*server, deadline);
  if (!client) return Complain(ExitCodeOf(client.error()), WhyNot(client.error()));
  if (is_top) return ShowTop(server->socket, *line);
  if (std::holds_alternative<control::Feed>((*route)->asks)) return ShowTrace(*client, *line, deadline);
  if (std::holds_alternative<control::Document>((*route)->asks)) {
    return ShowConfiguration(*client, **route, *line, deadline);
  }
  return std::holds_alternative<View>((*route)->asks) ? AskView(*client, **route, line->json, deadline)
                                                      : GiveOrder(*client, **route, *line, deadline);
}

}  // namespace colmeia::app
