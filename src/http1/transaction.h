// Work: one exchange in progress, with what an HTTP/1 connection must know about it: how much of the request's body is
// still to be read, and how much of the answer is still to be sent. Idle connections have none: a worker keeps a pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "h1/body_decoder.h"
#include "h1/writer.h"
#include "pipeline/exchange.h"
#include "pipeline/pace.h"
#include "sys/address.h"
#include "util/intrusive_list.h"

namespace colmeia::http1 {

// Whether the answer's body is a source that has not ended, and how the client will know its end.
enum class Streaming : std::uint8_t {
  kNo,
  kPlain,    // by the connection's end
  kChunked,  // Transfer-Encoding: chunked
  kSized,    // Content-Length
};

// Where the answer stands.
enum class Answer : std::uint8_t {
  kNone,    // not decided yet, or held until the request's body has been read
  kQueued,  // `text` and the response's pieces are what is left to send
};

struct Transaction {
  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  pipeline::Exchange exchange;
  pipeline::ConnectionFacts facts;  // of the connection that has this now
  sys::Address peer;

  // The request. Its head lies in the worker's receive buffer until Keep() moves it.
  std::string_view head;
  h1::BodyDecoder body;          // done() when nothing of the request is left to read
  std::uint64_t body_limit = 0;  // client_max_body_size of the place that answers; 0 = none
  int version_minor = 1;         // of HTTP/1.x
  bool keep_alive = false;       // the client would keep the connection
  bool chunked = false;          // its body is
  bool awaits_continue = false;  // the client sends its body once it is told to
  bool refused = false;          // cut off amid head or body: the client may be sending on

  // A handler waits (pipeline/awaiting.h). Then nothing behind this is read or answered.
  [[nodiscard]] bool waits() const { return exchange.awaiting() != nullptr; }
  // The request's body: a handler has asked for it, and it has not ended.
  [[nodiscard]] bool takes_body() const { return exchange.body.taken() && !body.done(); }
  bool ready = false;  // it need not wait any more

  // The answer.
  Answer answer = Answer::kNone;
  Streaming streaming = Streaming::kNo;
  bool use_sendfile = false;
  pipeline::Pace pace;           // of an answer that is queued
  std::string_view text;         // to be sent before the pieces: an interim answer, the head and a small body
  std::uint64_t head_left = 0;   // bytes of `text` that are not body
  std::size_t piece = 0;         // of exchange.response.body: the first one not yet sent completely
  std::uint64_t piece_sent = 0;  // bytes of it
  std::uint64_t promised = 0;    // with kSized: bytes that the source still owes

  // Both directions are finished.
  [[nodiscard]] bool IsOver() const;
  // The answer is with the kernel.
  [[nodiscard]] bool IsSent() const;

  // Takes note that the kernel has got `bytes` more of this answer, at most what was left; returns those that were not
  // of this one.
  std::uint64_t Advance(std::uint64_t bytes);

  // Queues the next bytes of the source, framed. REQUIRES: streaming, and all pieces are sent.
  pipeline::BodySource::Pulled Pull();

  // Moves everything that lies in the worker's shared buffers to memory of its own: from here on the exchange outlives
  // the callback. This is the one place where bytes of a request are copied.
  void Keep();

  // For a text that fits into no shared buffer: empty, to be filled, and then made `text`.
  [[nodiscard]] std::string& OwnText();

  // Sets `text` to bytes in a shared buffer. REQUIRES: nothing of another text is left.
  void SetText(std::string_view bytes) {
    text = bytes;
    text_is_own_ = false;
  }

  // Ready for the next exchange; memory is kept.
  void Reset();

  util::ListLink<Transaction> link;  // in the connection's queue, or in the pool

 private:
  std::string own_head_;
  std::string own_text_;
  h1::ChunkHead chunk_head_;
  bool text_is_own_ = false;
};

// Those that nobody uses at the moment.
class TransactionPool {
 public:
  // Kept for later; more than so many are freed.
  static constexpr std::size_t kKept = 128;

  TransactionPool() = default;
  ~TransactionPool();
  TransactionPool(const TransactionPool&) = delete;
  TransactionPool& operator=(const TransactionPool&) = delete;

  // Reset and ready. The caller gives it back with Release().
  [[nodiscard]] Transaction& Take();
  void Release(Transaction& transaction);

  [[nodiscard]] std::size_t taken() const { return taken_; }

 private:
  util::IntrusiveList<Transaction, &Transaction::link> free_;  // the one that was used last first
  std::size_t taken_ = 0;
};

}  // namespace colmeia::http1
