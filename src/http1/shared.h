// Shared: what a worker lends to all its HTTP/1 connections: buffers, exchanges, clock, counters. Because a connection
// is served to the end of its callback before another one is, one of each is enough, and an idle connection costs
// little.
//
// It does not know the connections: ConnectionOwner does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "h1/request_head.h"
#include "h1/writer.h"
#include "http/date.h"
#include "http1/evictable.h"
#include "http1/timeouts.h"
#include "http1/work.h"
#include "loop/loop.h"
#include "loop/poll_pool.h"
#include "loop/timer.h"
#include "pipeline/services.h"
#include "pipeline/site.h"
#include "scoreboard/layout.h"

namespace colmeia::http1 {

class Connection;

// Who owns the connections of a worker. Implemented by worker::Connections.
class ConnectionOwner {
 public:
  // The connection has closed its socket. Destroys it: nothing of it may be touched afterwards.
  virtual void Remove(Connection& connection) = 0;
  // Its standing is another one than `before`. It is amid its callback: this may not touch it.
  virtual void OnStanding(Connection& connection, Standing before) = 0;

 protected:
  ~ConnectionOwner() = default;
};

// Bytes that grow at the end, in a block that is taken when first used.
class Buffer {
 public:
  explicit Buffer(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] char* end() { return block() + size_; }
  [[nodiscard]] std::size_t room() const { return capacity_ - size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::span<char> bytes() { return {block(), size_}; }
  // Takes the next `size` bytes into use. REQUIRES: size <= room().
  void Extend(std::size_t size) { size_ += size; }
  // Copies them to the end. REQUIRES: bytes.size() <= room().
  std::string_view Append(std::string_view bytes);
  void Clear() { size_ = 0; }
  // Has just these bytes from now on.
  std::span<char> Refill(std::string_view bytes);
  // Room for `size` bytes at least, from now on. REQUIRES: empty.
  void Require(std::size_t size);

 private:
  char* block() {
    if (block_ == nullptr) block_.reset(new char[capacity_]);
    return block_.get();
  }
  std::unique_ptr<char[]> block_;
  std::size_t capacity_;
  std::size_t size_ = 0;
};

class Shared {
 public:
  static constexpr std::size_t kInputSize = 64 * 1024;
  static constexpr std::size_t kOutputSize = 64 * 1024;
  static constexpr std::size_t kFileSize = 64 * 1024;

  // All must outlive this. `services.now` and `services.wall_ms` are kept up to date by Tick().
  Shared(loop::Loop& loop, loop::PollPool& polls, pipeline::Services& services, scoreboard::SlotWriter counts,
         ConnectionOwner& owner);
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  // The clock of this turn, another moment, and empty buffers: whatever wakes a connection begins with it.
  void Tick();

  [[nodiscard]] util::TimePoint now() const { return services.now; }
  // The Date field's value. Valid until Tick().
  [[nodiscard]] std::string_view Date() { return dates_.At(services.wall_ms / 1000); }
  // "colmeia" or "colmeia/1.2.3".
  [[nodiscard]] static std::string_view ServerName(bool with_version);

  void Arm(TimeoutListener& listener, util::Milliseconds length) { timeouts.Arm(listener, length, now()); }

  loop::Loop& loop;
  loop::PollPool& polls;
  pipeline::Services& services;
  scoreboard::SlotWriter counts;
  ConnectionOwner& owner;

  // While draining each answer is its connection's last.
  bool draining = false;

  Timeouts timeouts;
  WorkPool works;
  h1::RequestHead head;  // scratch of the parser
  pipeline::ServerMemo servers;
  h1::HeadMemo heads;
  Buffer input{kInputSize};
  Buffer output{kOutputSize};
  Buffer file{kFileSize};  // bytes of files on their way, where sendfile is off

 private:
  loop::Timer timer_;
  http::DateCache dates_;
};

}  // namespace colmeia::http1
