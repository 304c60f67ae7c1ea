// Transport: a client's connection as its session sees it: bytes in, bytes out, and facts. A value that is moved, never
// copied: the descriptor and, where the bytes on the wire are not those of the session, a Layer (transport/layer.h).
//
// It gives the descriptor to nothing but the kernel, the poll and the layer: a session that has none in its hands can
// neither go past a layer nor close it twice.
//
// A plain connection has no layer. That costs it a branch that is always predicted, and no virtual call.
//
//   Transport transport(std::move(accepted.fd), accepted.peer);
//   transport.Read(...) -> kAgain, then transport.Wait(polls, loop::kReadable, this) and OnPoll() reads again
//   transport.Close(polls, Ending::kOrderly)
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "loop/poll_pool.h"
#include "sys/address.h"
#include "sys/io.h"
#include "sys/socket_io.h"
#include "sys/unique_fd.h"
#include "transport/layer.h"
#include "transport/packed_address.h"

namespace colmeia::transport {

// How a connection is closed.
enum class Ending : std::uint8_t {
  kOrderly,  // all was said: a layer that ends its stream on the wire does so
  kAbrupt,   // as it stands: a client that has gone, a mistake, a limit
  kReset,    // the same, and the client is told by a reset, which frees what the kernel holds for it
};

class Transport final {
 public:
  // `fd` is a connected, non-blocking stream socket, and `peer` the address of its other end.
  Transport(sys::UniqueFd fd, const sys::Address& peer, std::unique_ptr<Layer> layer = nullptr)
      : layer_(std::move(layer)), fd_(std::move(fd)), peer_(peer) {}
  Transport(Transport&&) = default;
  Transport& operator=(Transport&&) = delete;
  // REQUIRES: closed, or never waited.
  ~Transport() = default;

  // At most `size` bytes, which is not 0. kEnd: the client sends no more.
  [[nodiscard]] sys::IoResult Read(char* out, std::size_t size) {
    return layer_ == nullptr ? sys::Receive(fd_.get(), out, size) : layer_->Read(fd_.get(), out, size);
  }

  // Whether bytes, or the end, were read from the socket already: no poll wakes for them, the next Read() gives them.
  [[nodiscard]] bool pending() const { return layer_ != nullptr && layer_->pending(); }

  // Sends `parts`, then `file`, one of which is not empty. `more`: other bytes follow at once, a packet may wait for
  // them. `bytes` counts those that were taken, whatever the status says of the rest; a count that is short of all means
  // that the socket is full. What was not taken is offered again, first and unchanged. kEnd: the file has become
  // shorter. REQUIRES: file is empty unless can_send_file().
  [[nodiscard]] sys::IoResult Write(std::span<const iovec> parts, const sys::FileRange& file, bool more) {
    return layer_ == nullptr ? sys::Send(fd_.get(), parts, file, more) : layer_->Write(fd_.get(), parts, file, more);
  }
  [[nodiscard]] bool can_send_file() const { return layer_ == nullptr || layer_->can_send_file(); }

  // Calls `listener` when it may be worth while to do what said kAgain: `events` are loop::kReadable to read, kWritable
  // to write, kDisconnect to hear only of the client's end. It may wake for another reason, with other events. False
  // when the kernel has no memory left to watch one more descriptor: close the connection.
  [[nodiscard]] bool Wait(loop::PollPool& polls, int events, loop::PollListener* listener) {
    return polls.Start(fd_.get(), layer_ == nullptr ? events : layer_->Interest(events), listener);
  }

  // Our side has said all; the client reads the end, and may go on sending. REQUIRES: all that was offered was taken.
  void Shutdown();

  // Frees the layer and the descriptor; nothing is called back any more. REQUIRES: open. For kOrderly: all that was
  // offered was taken.
  void Close(loop::PollPool& polls, Ending ending);

  // TCP_NODELAY, and TCP_NOTSENT_LOWAT (sys/sockets.h).
  void SetNoDelay(bool on);
  void SetUnsentLimit(int bytes);

  [[nodiscard]] sys::Address peer() const { return peer_.Expand(); }
  // The address that the client reached: asks the kernel. No address when it does not say.
  [[nodiscard]] sys::Address local() const;
  [[nodiscard]] std::string_view scheme() const { return layer_ == nullptr ? "http" : layer_->scheme(); }
  [[nodiscard]] std::string_view alpn() const { return layer_ == nullptr ? std::string_view{} : layer_->alpn(); }

 private:
  std::unique_ptr<Layer> layer_;
  sys::UniqueFd fd_;
  PackedAddress peer_;
};

}  // namespace colmeia::transport
