// Child exchanges (nginx: subrequests): an exchange whose parent is another one, made inside the server and answered
// to it. A child goes through the same Runner, locations and handlers as what clients ask for, and may wait as they do.
//
// A child shares with its parent the facts of the connection, the server, the request line and the fields. Its own are
// path and arguments, location, settings, response, arena, contexts, redirections and groups of regular expressions. Of the
// configuration's variables it has its parent's values, and what it sets stays its own (nginx: they are one).
// Its method is GET and it has no body. `internal` locations are open to it; the access phase and the filters of heads
// are not for it (pipeline/runner.h). What holds for a request as a whole, as a limit does, is in the contexts of
// Exchange::main().
//
// 1. A child runs only while its parent is run or pulled, never from a callback of its own. Whatever it waits for wakes
//    the parent in the parent's way, Awaiting::Ready() or BodySource::Wake(); the parent comes and calls Run() again.
// 2. The parent's Awaiting, body or context owns the child. Its end is the child's end: destroying a child that waits
//    cancels it by Runner::Cancel, and its own children with it. So a client that leaves, a drain and a limit need to
//    know of the parent only.
// 3. What a child's failure means is its owner's choice. A child that answers 404 has a page like any other response.
//    It may answer nothing (`return 444;`): then its response is withheld.
// 4. The views of a child's request point into what its parent's point into: the parent's MoveHead() moves them, too.
//
// Three ways to use one:
//
//   for its body, in its place among other bytes   ChildBody, a BodySource                  add_before_body, includes
//   for its status and fields, before an answer    an Awaiting that owns a ChildExchange:   a question to another place
//       auto child = ChildExchange::Make(exchange, path, {});
//       if (child == nullptr) return Outcome::Respond(http::Status::kInternalServerError);
//       if (child->Run() == RunState::kComplete) return Judge(*child);
//       return exchange.Await<Asking>(std::move(child));   // SetReader([this] { Ready(); }), and Run() in Resume()
//   for neither, beside an answer                  a context of the parent owns it, and runs it from its reader
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "pipeline/body_source.h"
#include "pipeline/runner.h"

namespace colmeia::pipeline {

class Exchange;

class ChildExchange final {
 public:
  // Children may have children so deep. nginx gives a request NGX_HTTP_MAX_SUBREQUESTS (50) and one more.
  static constexpr int kMaxDepth = 51;
  // That one main exchange may have in all, one after another and inside one another. nginx counts those that live
  // together, and ends at the same number.
  static constexpr std::uint32_t kMaxNumber = 65535 - 1000;

  // Nothing of it runs yet. Both texts are copied. Null when one of the bounds is reached, which the log says.
  // REQUIRES: `parent` outlives it.
  [[nodiscard]] static std::unique_ptr<ChildExchange> Make(Exchange& parent, std::string_view path,
                                                           std::string_view args);
  ~ChildExchange();
  ChildExchange(const ChildExchange&) = delete;
  ChildExchange& operator=(const ChildExchange&) = delete;

  // `on_ready` is called when a wait is over: from a callback of the loop, never from within Run(). It may destroy this.
  // REQUIRES: set before this waits for the first time.
  void SetReader(std::function<void()> on_ready) { on_ready_ = std::move(on_ready); }

  // Runs it, or runs it on after a wait; nothing happens when the wait is not over, or all is done.
  RunState Run();

  // Its owner has had of it what it wants, `body_bytes` of its body included: it is logged. At most once; one that is
  // cut short is not logged, as in nginx. REQUIRES: Run() has said kComplete.
  void Finish(std::uint64_t body_bytes);

  // What it is, and its response once Run() says kComplete.
  [[nodiscard]] Exchange& exchange() { return *exchange_; }

  // The next older one of the same parent's, for Exchange.
  [[nodiscard]] ChildExchange* next() const { return next_; }

 private:
  enum class State : std::uint8_t {
    kNew,
    kWaits,     // and the wait is not over
    kReady,     // the wait is over
    kComplete,  // the response is
  };

  ChildExchange(Exchange& parent, std::unique_ptr<Exchange> exchange);
  RunState Note(RunState state);
  void OnReady();

  Exchange& parent_;
  std::unique_ptr<Exchange> exchange_;
  std::function<void()> on_ready_;
  ChildExchange* next_;
  State state_ = State::kNew;
};

// The body of a child as a source. The child is made when it is first pulled, which HEAD never does. The body is broken
// when there is no response: the child could not be made, or its response is withheld.
class ChildBody final : public BodySource {
 public:
  // `path` and `args` stay until the first Next(). REQUIRES: `parent` outlives this.
  ChildBody(Exchange& parent, std::string_view path, std::string_view args)
      : parent_(parent), path_(path), args_(args) {}

  [[nodiscard]] Pulled Next(Piece& out) override;
  [[nodiscard]] bool live() const override;
  void Drain() override;

 private:
  [[nodiscard]] BodySource* source() const;
  [[nodiscard]] bool Open();

  Exchange& parent_;
  std::string_view path_;
  std::string_view args_;
  std::unique_ptr<ChildExchange> child_;  // null before the first Next()
  std::uint64_t bytes_ = 0;               // that were pulled
  bool open_ = false;                     // the response is there, and its body is pulled
  bool draining_ = false;
};

}  // namespace colmeia::pipeline
