// Output: the answers of one connection on their way to the socket, in the order of their requests.
//
// Answers that stand in a row leave together in one sendmsg(2); a file leaves by sendfile(2), or through a buffer where
// sendfile is off or the transport cannot. An answer that has a rate leaves alone. It does not wait: the connection does,
// and comes again.
//
//   first() -> [ text | piece | piece ] -> [ text ] -> [ text | file ] <- last()
//              ^ sent so far
//
// A transaction leaves the queue when its answer is sent and its request's body is read; then it is logged and given
// back to the pool. Only the last one may have a body that is still to be read, a handler that waits, or a source as
// its answer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "http1/transaction.h"
#include "transport/transport.h"
#include "util/clock.h"
#include "util/intrusive_list.h"

namespace colmeia::http1 {

class Shared;

enum class Flushed : std::uint8_t {
  kAll,      // nothing is left to send
  kWaiting,  // the last answer's source has nothing at the moment: come again when it wakes
  kPaced,    // the first answer's rate lets no more out at the moment: come again after pause()
  kBlocked,  // the socket takes no more at the moment, or it is others' turn: come again when it is writable
  kBroken,   // the client is gone, or a file has become shorter than promised: close the connection
};

class Output {
 public:
  explicit Output(Shared& shared) : shared_(shared) {}
  // REQUIRES: empty().
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void Push(Transaction& transaction);

  [[nodiscard]] Flushed Flush(transport::Transport& transport);

  // How long to wait after kPaced.
  [[nodiscard]] util::Milliseconds pause() const { return pause_; }

  // What is left outlives this callback.
  void Keep();

  // Logs and gives back everything, whatever its state: the connection ends.
  void Abandon();

  [[nodiscard]] bool empty() const { return queue_.empty(); }
  [[nodiscard]] std::size_t size() const { return queue_.size(); }
  [[nodiscard]] Transaction* first() const { return queue_.first(); }
  [[nodiscard]] Transaction* last() const { return queue_.last(); }
  // Logs and gives back the works at the front that are over.
  void Retire();

 private:
  struct Batch;

  // At most so many pieces of a source in a row, before it is others' turn.
  static constexpr int kMaxPulls = 16;

  [[nodiscard]] Flushed FlushQueued(transport::Transport& transport);
  void Gather(Batch& batch);
  void Advance(std::uint64_t bytes);
  void Pop();

  Shared& shared_;  // outlives this
  util::Milliseconds pause_{0};
  util::IntrusiveList<Transaction, &Transaction::link> queue_;
};

}  // namespace colmeia::http1
