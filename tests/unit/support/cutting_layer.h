// CuttingLayer: a Layer that gives the session all the trouble that a socket can: bytes in pieces, "not now" though there
// are some, a wake-up for nothing, bytes that wait where no poll looks, and an end at any byte. The bytes themselves stay
// as they are, so what a client hears must be the same as without it.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loop/poll.h"
#include "sys/socket_io.h"
#include "transport/layer.h"

namespace colmeia {

// What is done to a connection's bytes; nothing by itself. Positions count from the connection's first byte.
struct Cuts {
  static constexpr std::size_t kNever = static_cast<std::size_t>(-1);

  std::size_t read_at_most = kNever;   // bytes in one read
  std::size_t write_at_most = kNever;  // bytes in one write
  std::size_t read_split = kNever;     // no read crosses this byte
  std::size_t write_split = kNever;
  bool again_between = false;        // each second transfer is put off, though the socket is ready
  bool wakes_in_vain = false;        // polls for the other direction, too
  bool hoards = false;               // reads all that the socket has, and gives it by and by
  bool sends_files = true;           // by sendfile(2)
  std::size_t read_breaks = kNever;  // reading fails at this byte: the client was reset
  std::size_t read_ends = kNever;    // there the client's bytes end
  std::size_t write_breaks = kNever;
};

class CuttingLayer final : public transport::Layer {
 public:
  explicit CuttingLayer(const Cuts& cuts) : cuts_(cuts) {}

  sys::IoResult Read(int fd, char* out, std::size_t size) override {
    if (read_ >= cuts_.read_breaks) return {sys::IoStatus::kError, 0, ECONNRESET};
    if (read_ >= cuts_.read_ends) return {sys::IoStatus::kEnd, 0, 0};
    if (hoard_.empty() && PutsOff(read_put_off_)) return {};
    size = std::min(
        {size, cuts_.read_at_most, Until(cuts_.read_split, read_), cuts_.read_breaks - read_, cuts_.read_ends - read_});
    const sys::IoResult result = cuts_.hoards ? TakeHoarded(fd, out, size) : sys::Receive(fd, out, size);
    read_ += result.bytes;
    return result;
  }

  sys::IoResult Write(int fd, std::span<const iovec> parts, const sys::FileRange& file, bool more) override {
    if (written_ >= cuts_.write_breaks) return {sys::IoStatus::kError, 0, EPIPE};
    if (PutsOff(write_put_off_)) return {};
    std::size_t left =
        std::min({cuts_.write_at_most, Until(cuts_.write_split, written_), cuts_.write_breaks - written_});
    std::vector<iovec> some;
    for (const iovec& part : parts) {
      const std::size_t size = std::min(left, part.iov_len);
      if (size > 0) some.push_back({part.iov_base, size});
      left -= size;
    }
    sys::FileRange range = file;
    range.size = std::min(left, file.size);
    const sys::IoResult result = sys::Send(fd, some, range, more);
    written_ += result.bytes;
    return result;
  }

  void End(int /*fd*/) override {}
  [[nodiscard]] int Interest(int events) const override {
    return cuts_.wakes_in_vain ? events | loop::kReadable | loop::kWritable : events;
  }
  [[nodiscard]] bool pending() const override { return !hoard_.empty(); }
  [[nodiscard]] bool can_send_file() const override { return cuts_.sends_files; }
  [[nodiscard]] std::string_view alpn() const override { return ""; }
  [[nodiscard]] std::string_view scheme() const override { return "http"; }

 private:
  // How far it is to a split that was not reached yet.
  static std::size_t Until(std::size_t split, std::size_t at) { return split > at ? split - at : Cuts::kNever; }

  // Whether this transfer is put off: each second one is.
  bool PutsOff(bool& last) const {
    if (!cuts_.again_between) return false;
    last = !last;
    return last;
  }

  sys::IoResult TakeHoarded(int fd, char* out, std::size_t size) {
    if (hoard_.empty()) {
      char bytes[4096];
      const sys::IoResult got = sys::Receive(fd, bytes, sizeof(bytes));
      if (got.status != sys::IoStatus::kDone) return got;
      hoard_.assign(bytes, got.bytes);
    }
    const std::size_t taken = std::min(size, hoard_.size());
    std::copy_n(hoard_.data(), taken, out);
    hoard_.erase(0, taken);
    return {sys::IoStatus::kDone, taken, 0};
  }

  const Cuts cuts_;
  std::string hoard_;
  std::size_t read_ = 0;
  std::size_t written_ = 0;
  bool read_put_off_ = false;
  bool write_put_off_ = false;
};

}  // namespace colmeia
