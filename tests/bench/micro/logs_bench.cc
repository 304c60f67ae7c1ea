// A line of the error log and one of the access log: as colmeia writes them, and by a spdlog::logger that does the same.
//
// The logger has a formatter of nginx's line form and a sink that collects lines and writes them together, as
// log/error_log.h does. What it lacks is told where it stands.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include "log/access_log.h"
#include "log/error_lines.h"
#include "log/error_log.h"
#include "sys/unique_fd.h"
#include "util/escape.h"

namespace colmeia::bench {
namespace {

constexpr int kLinesPerTurn = 32;
constexpr std::string_view kPath = "/srv/www/html/robots.txt";
constexpr std::string_view kParticulars =
    "client: 192.0.2.7, server: www.example.org, request: \"GET /robots.txt HTTP/1.1\", host: \"www.example.org\"";

int Nowhere() {
  static const int fd = open("/dev/null", O_WRONLY | O_CLOEXEC | O_APPEND);
  return fd;
}

// "2026/11/23 11:34:00 [error] 1234#1234: *7 message". spdlog has six levels for nginx's eight: notice and info are one
// to it, and so are crit, alert and emerg.
class NginxFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    static constexpr std::array<std::string_view, 7> kNames = {"debug", "debug", "info", "warn", "error", "crit", ""};
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(message.time.time_since_epoch());
    if (seconds != seconds_) {
      seconds_ = seconds;
      const std::time_t now = seconds.count();
      std::tm local{};
      localtime_r(&now, &local);
      time_.clear();
      fmt::format_to(std::back_inserter(time_), "{}/{:02}/{:02} {:02}:{:02}:{:02}", local.tm_year + 1900,
                     local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
    }
    Append(time_, out);
    Append(" [", out);
    Append(kNames[static_cast<std::size_t>(message.level)], out);
    Append("] ", out);
    Append(self_, out);
    Append(": ", out);
    const std::string_view text(message.payload.data(), message.payload.size());
    if (util::MayNeedEscape(util::EscapeFor::kLine, text)) {
      util::Escaper escaper(util::EscapeFor::kLine, text);
      for (std::string_view piece = escaper.Next(); !piece.empty(); piece = escaper.Next()) Append(piece, out);
    } else {
      Append(text, out);
    }
    out.push_back('\n');
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<NginxFormatter>(); }

 private:
  static void Append(std::string_view text, spdlog::memory_buf_t& out) {
    out.append(text.data(), text.data() + text.size());
  }

  std::chrono::seconds seconds_{-1};
  std::string time_;
  std::string self_ = fmt::format("{0}#{0}", getpid());
};

class CollectingSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit CollectingSink(log::ErrorLines& lines) : base_sink(std::make_unique<NginxFormatter>()), lines_(lines) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    lines_.Add(Nowhere(), {line.data(), line.size()}, message.level >= spdlog::level::critical);
  }
  void flush_() override { lines_.Flush(); }

  log::ErrorLines& lines_;  // outlives this
};

void ErrorLineOurs(benchmark::State& state) {
  log::ErrorLog log({{Nowhere(), log::Level::kInfo}});
  log::CollectErrorLines(true);
  int line = 0;
  for (auto _ : state) {
    log.PrintFor(7, log::Level::kError, "open() \"{}\" failed (2: No such file or directory), {}", kPath, kParticulars);
    if (++line % kLinesPerTurn == 0) log::FlushErrorLines();
  }
  log::CollectErrorLines(false);
}
BENCHMARK(ErrorLineOurs);

void ErrorLineOfSpdlog(benchmark::State& state) {
  static log::ErrorLines lines;
  lines.Collect(true);
  spdlog::logger logger("error", std::make_shared<CollectingSink>(lines));
  logger.set_level(spdlog::level::info);
  int line = 0;
  for (auto _ : state) {
    logger.error("*{} open() \"{}\" failed (2: No such file or directory), {}", 7, kPath, kParticulars);
    if (++line % kLinesPerTurn == 0) logger.flush();
  }
  lines.Collect(false);
}
BENCHMARK(ErrorLineOfSpdlog);

void SilentErrorLineOurs(benchmark::State& state) {
  log::ErrorLog log({{Nowhere(), log::Level::kNotice}});
  for (auto _ : state) {
    log.PrintFor(7, log::Level::kDebug, "connection {}: {} -> {}", 7, "idle", "serving");
    benchmark::ClobberMemory();
  }
}
BENCHMARK(SilentErrorLineOurs);

void SilentErrorLineOfSpdlog(benchmark::State& state) {
  static log::ErrorLines lines;
  spdlog::logger logger("error", std::make_shared<CollectingSink>(lines));
  logger.set_level(spdlog::level::info);
  for (auto _ : state) {
    logger.debug("connection {}: {} -> {}", 7, "idle", "serving");
    benchmark::ClobberMemory();
  }
}
BENCHMARK(SilentErrorLineOfSpdlog);

constexpr std::string_view kAccessLine =
    "192.0.2.7 - - [23/Nov/2026:11:34:00 +0000] \"GET /robots.txt HTTP/1.1\" 404 153 \"-\" \"Mozilla/5.0 (X11; Linux "
    "x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"";

// By the sink alone: its text is a line already.
void AccessLineOurs(benchmark::State& state) {
  log::AccessLog log(sys::UniqueFd(dup(Nowhere())));
  int line = 0;
  for (auto _ : state) {
    log.Append(kAccessLine);
    if (++line % kLinesPerTurn == 0) log.Flush();
  }
}
BENCHMARK(AccessLineOurs);

// By a logger in front of such a sink.
class PlainSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    buffer_.append(message.payload.data(), message.payload.size());
    buffer_.push_back('\n');
  }
  void flush_() override {
    benchmark::DoNotOptimize(write(Nowhere(), buffer_.data(), buffer_.size()));
    buffer_.clear();
  }
  std::string buffer_;
};

void AccessLineOfSpdlog(benchmark::State& state) {
  spdlog::logger logger("access", std::make_shared<PlainSink>());
  int line = 0;
  for (auto _ : state) {
    logger.log(spdlog::level::info, spdlog::string_view_t(kAccessLine.data(), kAccessLine.size()));
    if (++line % kLinesPerTurn == 0) logger.flush();
  }
}
BENCHMARK(AccessLineOfSpdlog);

}  // namespace
}  // namespace colmeia::bench
