#include "log/access_log.h"

#include <limits.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include "log/output.h"

namespace colmeia::log {

// The sink of spdlog behind an AccessLog: it takes a message's text as it is, and writes whole lines when flushed.
class AccessLog::Sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit Sink(sys::UniqueFd fd) { Adopt(std::move(fd)); }

  void Replace(sys::UniqueFd fd) {
    flush_();
    if (!buffer_.empty()) why_dropped_ = EAGAIN;
    DropRest();
    mid_line_ = false;
    Adopt(std::move(fd));
  }

  void Take(std::string_view line) {
    message_.payload = spdlog::string_view_t(line.data(), line.size());
    log(message_);
  }

  [[nodiscard]] bool empty() const { return buffer_.empty(); }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] int why_dropped() const { return why_dropped_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::size_t size = message.payload.size() + 1;
    if (!buffer_.empty() && buffer_.size() + size > kBacklog) {
      flush_();
      if (!buffer_.empty() && buffer_.size() + size > kBacklog) {
        ++dropped_;
        why_dropped_ = EAGAIN;
        return;
      }
    }
    // The rest of a line was dropped: this one must not run into it.
    if (buffer_.empty() && mid_line_) buffer_.push_back('\n');
    buffer_.append(message.payload.data(), message.payload.size());
    buffer_.push_back('\n');
  }

  void flush_() override {
    std::size_t written = 0;
    while (written < buffer_.size()) {
      const ssize_t size = WriteNow(fd_.get(), kind_, NextPiece(std::string_view(buffer_).substr(written)));
      if (size < 0 && errno == EAGAIN) break;
      if (size < 0) {
        // A full disk, a pipe without a reader.
        why_dropped_ = errno;
        buffer_.erase(0, written);
        DropRest();
        return;
      }
      written += static_cast<std::size_t>(size);
      mid_line_ = buffer_[written - 1] != '\n';
    }
    buffer_.erase(0, written);
  }

  // What one write takes: everything for a file, otherwise whole lines of at most PIPE_BUF bytes, which pipe(7) does
  // not tear. A single line that is longer goes alone.
  [[nodiscard]] std::string_view NextPiece(std::string_view rest) const {
    if (kind_ == OutputKind::kFile || rest.size() <= PIPE_BUF) return rest;
    const std::size_t end = rest.rfind('\n', PIPE_BUF - 1);
    return rest.substr(0, (end == std::string_view::npos ? rest.find('\n') : end) + 1);
  }

  void DropRest() {
    dropped_ += static_cast<std::uint64_t>(std::count(buffer_.begin(), buffer_.end(), '\n'));
    buffer_.clear();
  }

  void Adopt(sys::UniqueFd fd) {
    fd_ = std::move(fd);
    kind_ = KindOf(fd_.get());
  }

  // The time of a message is part of its text, so that one will do for all: making it asks for thread and clock.
  spdlog::details::log_msg message_{spdlog::log_clock::time_point{}, spdlog::source_loc{}, {}, spdlog::level::info, {}};
  sys::UniqueFd fd_;
  OutputKind kind_ = OutputKind::kShared;
  std::string buffer_;
  std::uint64_t dropped_ = 0;
  int why_dropped_ = 0;
  bool mid_line_ = false;  // the last byte written is not a line's end; its rest is at the front of the buffer
};

AccessLog::AccessLog(sys::UniqueFd fd) : sink_(std::make_unique<Sink>(std::move(fd))) {}

AccessLog::~AccessLog() { sink_->flush(); }

void AccessLog::Append(std::string_view line) { sink_->Take(line); }

void AccessLog::Flush() {
  if (!sink_->empty()) sink_->flush();
}

void AccessLog::Replace(sys::UniqueFd fd) { sink_->Replace(std::move(fd)); }

std::uint64_t AccessLog::dropped() const { return sink_->dropped(); }

int AccessLog::why_dropped() const { return sink_->why_dropped(); }

bool AccessLog::empty() const { return sink_->empty(); }

}  // namespace colmeia::log
