#include "loop/signals.h"

#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "loop/poll.h"
#include "sys/unique_fd.h"
#include "util/check.h"

namespace colmeia::loop {

struct Signals::Reader {
  sys::UniqueFd fd;
  std::function<void(const SignalInfo&)> callback;
  std::optional<Poll> poll;

  // Ends early when a callback has destroyed the owner, which stops `poll`.
  void Read() {
    std::array<signalfd_siginfo, 8> infos;
    while (poll.has_value()) {
      const ssize_t size = read(fd.get(), infos.data(), sizeof(infos));
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return;
      const std::size_t count = static_cast<std::size_t>(size) / sizeof(infos[0]);
      for (std::size_t i = 0; i < count && poll.has_value(); ++i) {
        const signalfd_siginfo& raw = infos[i];
        callback(SignalInfo{
            .number = static_cast<int>(raw.ssi_signo),
            .sender_pid = static_cast<pid_t>(raw.ssi_pid),
            .sender_uid = raw.ssi_uid,
            .from_process = raw.ssi_code == SI_USER || raw.ssi_code == SI_QUEUE || raw.ssi_code == SI_TKILL,
        });
      }
    }
  }
};

Signals::Signals(Loop& loop, const std::vector<int>& signals, std::function<void(const SignalInfo&)> callback)
    : reader_(std::make_shared<Reader>()) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) {
    CHECK(signal != SIGCHLD);
    CHECK(sigaddset(&set, signal) == 0);
  }
  CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  reader_->fd = sys::UniqueFd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  CHECK(reader_->fd);
  reader_->callback = std::move(callback);
  reader_->poll.emplace(loop, reader_->fd.get(), [reader = std::weak_ptr<Reader>(reader_)](int) {
    if (const std::shared_ptr<Reader> kept = reader.lock()) kept->Read();
  });
  reader_->poll->Start(kReadable);
}

Signals::~Signals() { reader_->poll.reset(); }

std::string SignalName(int number) {
  const char* const name = sigabbrev_np(number);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", number);
}

}  // namespace colmeia::loop
