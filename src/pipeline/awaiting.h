// Awaiting: what a handler waits for without blocking: a timer, a thread's work, another server.
//
// A handler that cannot answer yet gives the exchange an Awaiting and returns what Exchange::Await() returns. The
// worker turns to other clients. Once Ready() was said the exchange is run on: Resume() says what happens next, as a
// handler's outcome does, and the handler is not entered again. The exchange keeps its place: after Outcome::Pass() the
// next handler is asked, and whatever the answer is, filters and log see it as any other.
//
//   class Nap final : public pipeline::Awaiting {
//    public:
//     explicit Nap(loop::Loop& loop) : timer_(loop, [this] { Ready(); }) { timer_.StartAfter(kNap); }
//     Outcome Resume(Exchange& exchange) override { return Outcome::Pass(); }
//    private:
//     loop::Timer timer_;
//   };
//   Outcome Handle(Exchange& exchange) { return exchange.Await<Nap>(*exchange.services->loop); }
//
// 1. It ends once: by Resume(), or by being destroyed. Being destroyed is the cancellation: the client has left, or the
//    worker must. Its destructor ends whatever it has started; the log then says 499.
// 2. The head's bytes may move while it waits, so it keeps no view of the request: Resume() finds all of them anew in
// the
//    exchange.
// 3. How long is its own business: nobody else limits it but worker_shutdown_timeout.
#pragma once

#include <functional>
#include <utility>

#include "pipeline/outcome.h"

namespace colmeia::pipeline {

class Exchange;

class Awaiting {
 public:
  Awaiting() = default;
  virtual ~Awaiting() = default;
  Awaiting(const Awaiting&) = delete;
  Awaiting& operator=(const Awaiting&) = delete;

  // What happens next. Outcome::Await() without another Awaiting: this one waits on. Afterwards this is destroyed.
  [[nodiscard]] virtual Outcome Resume(Exchange& exchange) = 0;

  // Who runs the exchange on. Set as soon as the handler has returned.
  void SetRunner(std::function<void()> on_ready) { on_ready_ = std::move(on_ready); }

 protected:
  // Waiting is over: once for each wait, from a callback of the loop, never from within the handler or Resume(). May
  // destroy *this: the last statement of its caller.
  void Ready() const {
    const std::function<void()> on_ready = on_ready_;  // outlives this
    on_ready();
  }

 private:
  std::function<void()> on_ready_;
};

}  // namespace colmeia::pipeline
