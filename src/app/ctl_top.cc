#include "app/ctl_top.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "app/ctl.h"
#include "app/new_master.h"
#include "app/say.h"
#include "app/terminal.h"
#include "app/top_model.h"
#include "app/top_screen.h"
#include "control/client.h"
#include "control/json.h"
#include "sys/files.h"

namespace colmeia::app {
namespace {

using control::Client;
using supervisor::Command;

constexpr util::Milliseconds kEvery{1000};
constexpr util::Milliseconds kPatience{2000};
constexpr std::size_t kPlainWidth = 132;

util::TimePoint Now() { return util::Now(); }

// Where the looks come from: the master that listens at the socket. When a new one takes over it goes along, and asks
// the old one about its workers for as long as it has some.
class Source {
 public:
  explicit Source(std::string socket) : socket_(std::move(socket)) {}

  Result<control::Status> Ask() {
    if (client_) GoAlong();
    if (client_) {
      auto status = AskOne(*client_);
      if (status) return status;
      client_.reset();
    }
    auto client = Client::Connect(socket_, Now() + kPatience);
    if (!client) return tl::unexpected(client.error());
    const pid_t before = std::exchange(pid_, client->server_pid());
    client_ = *std::move(client);
    auto status = AskOne(*client_);
    if (status && before != 0 && before != pid_) Tell(before, pid_);
    return status;
  }

  // Workers that the master before this one still has.
  std::vector<control::WorkerStatus> AskOld() {
    if (!old_) return {};
    auto status = AskOne(*old_);
    if (status && !status->workers.empty()) return std::move(status->workers);
    old_.reset();
    return {};
  }

  // Once, what has changed at the other end.
  std::optional<std::string> TakeNews() { return std::exchange(news_, std::nullopt); }

 private:
  static Result<control::Status> AskOne(Client& client) {
    const auto response = client.Ask(http::Method::kGet, "/status", {}, Now() + kPatience);
    if (!response) return tl::unexpected(response.error());
    return control::ReadStatus(response->body);
  }

  void GoAlong() {
    auto client = NewMaster(*client_, kPatience);
    if (!client) return;
    Tell(pid_, client->server_pid());
    pid_ = client->server_pid();
    old_ = std::exchange(client_, std::move(client));
  }

  void Tell(pid_t before, pid_t now) {
    news_ = fmt::format("a new master took over: pid {} in place of pid {}", now, before);
  }

  const std::string socket_;
  std::optional<Client> client_;
  std::optional<Client> old_;  // the one before, while it has workers
  pid_t pid_ = 0;              // of client_
  std::optional<std::string> news_;
};

// An order that is under way: given by a thread of its own, since it may take its time, and forgotten when we leave.
class Errand {
 public:
  void Begin(const std::string& socket, Command command, std::uint32_t argument) {
    what_ = supervisor::Describe({command, argument});
    state_ = std::make_shared<State>();
    std::thread([state = state_, socket, command, argument] {
      const control::Route& route = control::RouteOf(command);
      const util::TimePoint deadline = Now() + route.patience;
      auto client = Client::Connect(socket, deadline);
      std::string text =
          client ? Order(*client, route, argument, deadline).message : std::string(client.error().message);
      const std::lock_guard lock(state->mutex);
      state->result = std::move(text);
    }).detach();
  }

  [[nodiscard]] bool under_way() const { return state_ != nullptr; }
  [[nodiscard]] const std::string& what() const { return what_; }

  // Once, when it is done.
  std::optional<std::string> TakeResult() {
    if (state_ == nullptr) return std::nullopt;
    std::optional<std::string> result;
    {
      const std::lock_guard lock(state_->mutex);
      result = std::move(state_->result);
    }
    if (result) state_.reset();
    return result;
  }

 private:
  struct State {
    std::mutex mutex;
    std::optional<std::string> result;
  };
  std::string what_;
  std::shared_ptr<State> state_;
};

std::string_view StyleOf(Look look) {
  switch (look) {
    case Look::kTitle:
      return "\x1b[1m";
    case Look::kSelected:
      return "\x1b[7m";
    case Look::kGood:
      return "\x1b[32m";
    case Look::kWarning:
      return "\x1b[33m";
    case Look::kBad:
      return "\x1b[31m";
    case Look::kDim:
      return "\x1b[2m";
    case Look::kPlain:
      break;
  }
  return "";
}

class Top {
 public:
  Top(std::string socket, Terminal& terminal) : socket_(std::move(socket)), source_(socket_), terminal_(terminal) {}

  void Run() {
    util::TimePoint next = Now();
    while (!left_ && !terminal_.closed()) {
      if (Now() >= next) {
        Refresh();
        next = Now() + kEvery;
      }
      if (auto result = errand_.TakeResult()) Say(errand_.what() + ": " + *result);
      Draw();
      // What an errand brings is shown soon.
      const util::TimePoint until = errand_.under_way() ? std::min(next, Now() + kEvery / 10) : next;
      for (const char key : terminal_.ReadKeys(until)) Press(key);
    }
  }

 private:
  struct Victim {
    std::uint64_t slot = 0, pid = 0;
  };

  void Refresh() {
    auto status = source_.Ask();
    if (!status) {
      trouble_ = "the server does not answer: " + status.error().message;
      return;
    }
    trouble_.clear();
    model_.Take(*std::move(status), Now(), source_.AskOld());
    if (auto news = source_.TakeNews()) Say(*std::move(news));
  }

  // Stays in the last line for a while.
  void Say(std::string text) {
    static constexpr std::chrono::seconds kFor{8};
    said_ = std::move(text);
    said_until_ = Now() + kFor;
  }

  std::optional<std::size_t> Selected() const {
    if (model_.rows().empty()) return std::nullopt;
    return std::min(selected_, model_.rows().size() - 1);
  }

  std::string Message() const {
    if (victim_) {
      return fmt::format("kill the worker in slot {} (pid {}) with all that it has open? y/n", victim_->slot,
                         victim_->pid);
    }
    if (Now() < said_until_) return said_;
    if (errand_.under_way()) return errand_.what() + " ...";
    return trouble_;
  }

  void Draw() {
    const Terminal::Size size = terminal_.size();
    std::string screen;
    const TopView view = {.width = size.width,
                          .height = size.height,
                          .selected = Selected(),
                          .message = Message(),
                          .help = help_,
                          .keys = true};
    for (const TopLine& line : TopLines(model_, view)) {
      if (!screen.empty()) screen += "\r\n";
      screen += fmt::format("{}{}\x1b[0m\x1b[K", StyleOf(line.look), line.text);
    }
    terminal_.Show(screen);
  }

  void Press(char key) {
    if (const auto victim = std::exchange(victim_, std::nullopt)) {
      if (key == 'y' || key == 'Y') Give(Command::kKill, victim->slot);
      return;
    }
    switch (key) {
      case 'q':
        left_ = true;
        break;
      case 'j':
        selected_ = Selected().value_or(0) + 1;
        break;
      case 'k':
        selected_ = std::max<std::size_t>(Selected().value_or(0), 1) - 1;
        break;
      case 'h':
      case '?':
        help_ = !help_;
        break;
      case '\x1b':
        help_ = false;
        break;
      case 'd':
        if (const auto* const worker = Worker()) Give(Command::kDrain, worker->slot);
        break;
      case 'x':
        if (const auto* const worker = Worker()) victim_ = Victim{worker->slot, worker->pid};
        break;
      case '+':
        Give(Command::kScale, model_.status().server.workers_wanted + 1);
        break;
      case '-':
        if (model_.status().server.workers_wanted < 2) {
          Say("the last worker stays: a server without workers serves no client");
        } else {
          Give(Command::kScale, model_.status().server.workers_wanted - 1);
        }
        break;
      case 'r':
        Give(Command::kReload, 0);
        break;
      default:
        break;
    }
  }

  // The selected worker, if it lives.
  const control::WorkerStatus* Worker() {
    const auto selected = Selected();
    if (!selected || model_.rows()[*selected].gone) {
      Say("there is no living worker under the cursor");
      return nullptr;
    }
    const TopRow& row = model_.rows()[*selected];
    if (row.of_old_master) {
      Say("that worker is the old master's, and leaves with it");
      return nullptr;
    }
    return &row.worker;
  }

  void Give(Command command, std::uint64_t argument) {
    if (errand_.under_way()) return Say("wait: " + errand_.what() + " is under way");
    said_until_ = {};
    errand_.Begin(socket_, command, static_cast<std::uint32_t>(argument));
  }

  const std::string socket_;
  Source source_;
  Terminal& terminal_;
  TopModel model_;
  Errand errand_;
  std::size_t selected_ = 0;
  std::optional<Victim> victim_;  // whose death was asked for, and is not confirmed yet
  bool help_ = false;
  bool left_ = false;
  std::string trouble_;
  std::string said_;
  util::TimePoint said_until_{};
};

// Two looks, so that there are rates.
int PrintOnce(const std::string& socket) {
  Source source(socket);
  TopModel model;
  for (int look = 0; look < 2; ++look) {
    if (look > 0) poll(nullptr, 0, static_cast<int>(kEvery.count()));
    auto status = source.Ask();
    if (!status) return Complain(ExitCodeOf(status.error()), status.error().message);
    model.Take(*std::move(status), Now(), source.AskOld());
  }
  std::string out;
  for (const TopLine& line : TopLines(model, {.width = kPlainWidth, .selected = {}, .message = {}})) {
    out += line.text + "\n";
  }
  static_cast<void>(sys::WriteAll(STDOUT_FILENO, out));
  return control::kExitOk;
}

}  // namespace

int ShowTop(const std::string& socket, const ControlLine& line) {
  if (line.json) {
    return Complain(control::kExitConfiguration, "top is for eyes: \"colmeia ctl status --json\" tells the same");
  }
  if (line.once || isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) return PrintOnce(socket);
  auto terminal = Terminal::Open();
  if (!terminal) return Complain(control::kExitResources, terminal.error().message);
  Top(socket, **terminal).Run();
  return control::kExitOk;
}

}  // namespace colmeia::app
