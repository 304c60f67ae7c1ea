// RequestBody: the body of a request: a source that is pulled, like a response's body. As long as no handler asks for
// it, the client is not read, and at the end it is dropped.
//
//                       +--> Discarded                   nobody wants it: the session reads and drops it
//   None      Unread ---+--> Collecting --> Collected    all of it in memory, or else in a file, before the handler
//                       |         |                      goes on
//                       +--> Streaming                   pulled piece by piece, as it comes
//                                 +--> (either) Broken   it will not come to its end
//
// - A handler that needs all of it returns CollectBody(exchange, then): `then` is a handler that goes on when the body
//   is there, at once if it is there already. Afterwards content() are its bytes, as often as they are wanted, until
//   the exchange is reset.
// - A handler that passes it on as it comes calls StreamBody(exchange), which gives the source to be pulled. At most
//   kBlock bytes, and what one recv(2) brought, are read ahead of the reader: a reader that does not pull stops the
//   client.
// - Up to client_body_buffer_size a body is collected in memory; a longer one in a temporary file, all of it
//   (pipeline/client_body.h has the directives).
//
// - A child exchange (pipeline/child.h) has none of its own: what it may look at is main().body.
//
// What the session does: it says Begin() for every request that has a body, be it empty; reads the client while
// wants(); gives what it read to Take() when taken(), all that it has, and then says End(). A body that is broken or
// too long, and a client that leaves, end the exchange's waiting in the session's own way: Runner::Cancel().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/body_source.h"
#include "pipeline/outcome.h"
#include "pipeline/spool.h"
#include "site/module.h"

namespace colmeia::pipeline {

class Exchange;
struct ClientBodySettings;

class RequestBody final : public BodySource {
 public:
  // Of a body on its way to a file, or to its reader, so much lies in memory.
  static constexpr std::size_t kBlock = 64 * 1024;

  enum class State : std::uint8_t {
    kNone,        // the request has none
    kUnread,      // nobody has asked for it yet
    kDiscarded,   // it is dropped as it comes
    kCollecting,  // it comes, and is kept
    kCollected,   // it is all there
    kStreaming,   // it comes, and is pulled
    kBroken,      // it was asked for, and cannot be had
  };

  RequestBody() = default;

  [[nodiscard]] State state() const { return state_; }
  // Its bytes so far.
  [[nodiscard]] std::uint64_t received() const { return received_; }

  // What a handler may look at once it is collected; nothing before.

  // In memory or of a file, which stays open as long as this. Empty for a request without a body.
  [[nodiscard]] std::optional<Piece> content() const;
  // The file that it lies in; null when it lies in memory.
  [[nodiscard]] files::TempFile* file() const;

  // BodySource, while streaming.
  [[nodiscard]] Pulled Next(Piece& out) override;
  [[nodiscard]] std::optional<std::uint64_t> length() const override;

  // For sessions.

  // The request has a body, of `length` bytes if that is known. `on_wanted` is called when wants() becomes true in
  // another callback than the session's own; it does no more than see to it that the client is read.
  void Begin(std::optional<std::uint64_t> length, std::function<void()> on_wanted);
  // A handler has asked for it and has room: the client is to be read.
  [[nodiscard]] bool wants() const { return taken() && !ended_ && memory_.size() < kBlock; }
  // A handler has asked for it: what was read is to be given to Take().
  [[nodiscard]] bool taken() const { return state_ == State::kCollecting || state_ == State::kStreaming; }
  // The next bytes. They are copied. May make the exchange's Awaiting ready.
  void Take(std::string_view bytes);
  // There are no more. May make the exchange's Awaiting ready.
  void End();
  // Nobody will ask for it any more, or it is broken: what is not collected by now is dropped, with its file.
  void Drop();

  // Ready for another request; some memory is kept.
  void Clear() {
    if (state_ != State::kNone) Reset();
  }

 private:
  class Collecting;
  friend Outcome CollectBody(Exchange& exchange, site::Handler then);
  friend BodySource& StreamBody(Exchange& exchange);

  // Kept for the next request.
  static constexpr std::size_t kKept = 16 * 1024;

  void Reset();
  void Collect(const ClientBodySettings& settings, loop::Loop* loop);
  void Store();
  void OnStored();
  void Complete();

  State state_ = State::kNone;
  bool ended_ = false;
  bool spools_ = false;  // collecting: it goes to a file
  bool waits_ = false;   // streaming: Next() has said so
  std::optional<std::uint64_t> announced_;
  std::uint64_t received_ = 0;
  std::size_t most_ = 0;  // bytes that are collected in memory
  std::string memory_;    // collected in memory, or not yet in the file, or not yet pulled
  std::string pulled_;    // streaming: what Next() gave
  std::unique_ptr<Spool> spool_;
  std::function<void()> on_wanted_;
  const ClientBodySettings* settings_ = nullptr;  // collecting: of the place that asked; outlives this
  loop::Loop* loop_ = nullptr;                    // the same
};

// The request says that its body is longer than client_max_body_size of this place: the answer is to be 413, and the
// log has the reason.
[[nodiscard]] bool IsTooLarge(Exchange& exchange);

// Goes on with `then` once the whole body is there: in memory, or in a file. At once when it is, or when there is none;
// else the exchange waits. A body that is too long is 413; when it cannot be kept, the log says why, and the answer is
// 500. REQUIRES: nobody streams it.
[[nodiscard]] Outcome CollectBody(Exchange& exchange, site::Handler then);

// The body as it comes, from now on; empty when there is none. Pulled while the exchange waits, or makes its response:
// once the response is complete what is left is dropped, and the source is broken, of which a reader that waits is told:
// one that ends earlier says SetReader(nullptr). REQUIRES: nobody has asked for it yet; called by a handler or by
// Awaiting::Resume(). It belongs to the exchange.
[[nodiscard]] BodySource& StreamBody(Exchange& exchange);

}  // namespace colmeia::pipeline
