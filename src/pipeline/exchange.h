// Exchange: one request and its response, independent of the HTTP version. Handlers read the request and fill the
// response; they know neither sockets nor the loop.
//
// Lifetimes: every string_view of the request points into the head's bytes, which stay valid until Reset() (the
// connection moves them once when the exchange outlives the callback, see MoveHead). What handlers build lives in
// `arena`, what a module keeps from one of its hooks to another in context<T>(). Exchanges are pooled by the worker and
// reused: a warm one allocates nothing.
//
// An exchange that waits (pipeline/awaiting.h) keeps its place here, not on the stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/fields.h"
#include "http/request.h"
#include "http/status.h"
#include "pipeline/awaiting.h"
#include "pipeline/body.h"
#include "pipeline/client_body.h"
#include "pipeline/outcome.h"
#include "pipeline/request_body.h"
#include "site/module.h"
#include "site/settings.h"
#include "site/values.h"
#include "sys/address.h"
#include "util/arena.h"
#include "util/clock.h"

namespace colmeia::site {
struct Location;
struct Server;
}  // namespace colmeia::site

namespace colmeia::transport {
class Transport;
}

namespace colmeia::pipeline {

class ChildExchange;
struct Services;

// The address that a client connected to. On a wildcard listener only the kernel knows it, and is asked when the address
// is first looked at.
class LocalAddress {
 public:
  LocalAddress() = default;
  explicit LocalAddress(const sys::Address* known) : known_(known) {}  // outlives this

  // It is this one; or what this transport says. Both outlive this. Neither touches more than two words.
  void Know(const sys::Address* known) { known_ = known; }
  void AskLater(const transport::Transport& transport) {
    known_ = nullptr;
    transport_ = &transport;
  }

  [[nodiscard]] const sys::Address& operator*() const { return known_ != nullptr ? *known_ : Ask(); }
  [[nodiscard]] const sys::Address* operator->() const { return &**this; }

 private:
  const sys::Address& Ask() const;

  const sys::Address* known_ = nullptr;
  mutable sys::Address asked_;
  mutable const transport::Transport* transport_ = nullptr;  // null once it was asked
};

// Facts of the connection that an exchange runs on. Owned by the connection, which outlives its exchanges.
struct ConnectionFacts {
  std::uint64_t number = 0;    // $connection, unique within the worker's life
  std::uint32_t requests = 0;  // $connection_requests, this one included
  const sys::Address* peer = nullptr;
  LocalAddress local;                // the address the client connected to
  std::string_view scheme = "http";  // $scheme, a constant
};

// Views and nothing else.
struct ResponseTexts {
  std::string_view content_type;   // empty = no such field
  std::string_view last_modified;  // formatted; empty = no such field
  std::string_view etag;           // with its quotes; empty = no such field

  // All of them: the compiler counts.
  template <class Visit>
  void ForEachText(Visit&& visit) {
    auto& [a, b, c] = *this;
    (visit(a), visit(b), visit(c));
  }
};

// All of a response that costs nothing to forget.
struct PlainResponse : ResponseTexts {
  http::Status status = http::Status::kOk;
  bool charset_assumed = false;          // the charset in content_type is a guess: the directive charset knows better
  std::optional<std::int64_t> modified;  // last_modified in seconds since the epoch
  bool accepts_ranges = false;           // a known body of bytes that may be cut by Range
  bool close = false;                    // end the connection after this response
  bool withheld = false;                 // it is for the log alone: the connection is closed without an answer
  std::uint64_t bytes_sent = 0;          // head and body handed to the kernel so far, for $bytes_sent
  std::uint64_t body_bytes_sent = 0;     // for $body_bytes_sent; with the framing of a source
  bool complete = false;                 // all of it was handed to the kernel, for $request_completion; set for the log
};

struct Response : PlainResponse {
  http::Fields fields;  // without Server, Date, Content-Type, Content-Length, Last-Modified, ETag, Connection
  Body body;

  // Those of the fields, too. The body's bytes are Body::MoveMemory's.
  template <class Visit>
  void ForEachText(Visit&& visit) {
    ResponseTexts::ForEachText(visit);
    fields.ForEachText(visit);
  }

  // Another response takes this one's place: all is gone but `close`, for a connection whose state is in doubt.
  void Drop();
  // Takes back what tells versions of a file apart, and whether parts of it can be had: this is no file's response.
  void DropValidators();
};

// What handlers and filters tell the runner in views.
struct ExchangeTexts {
  std::string_view named_location;  // "@name" to enter instead of a search by path; set with Outcome::Reroute()
  std::string_view redirect_to;  // Location, for a response that stays a redirection; null = none, and it may be empty
  std::string_view allow;        // Allow, for a response whose status stays 405; else unused
  std::string_view content_range;  // Content-Range, for one whose status stays 416; else unused

  // All of them: the compiler counts.
  template <class Visit>
  void ForEachText(Visit&& visit) {
    auto& [a, b, c, d] = *this;
    (visit(a), visit(b), visit(c), visit(d));
  }
};

// All of an exchange that costs nothing to forget.
struct PlainExchange : ExchangeTexts {
  ConnectionFacts* connection = nullptr;
  const site::Server* server = nullptr;
  const site::Location* location = nullptr;
  util::TimePoint started{};                        // the first byte of the request, for $request_time
  std::optional<std::uint64_t> limit_rate;          // that $limit_rate was set to; else the directive's counts
  http::Status error_status = http::Status::kNone;  // whatever the page's handler says, with keep_error_status
  http::Status refusal = http::Status::kNone;       // by a filter: the status of a response to take this one's place
  int reroutes = 0;
  bool makes_error_page = false;   // error_page has named what answers: no page has one in turn
  bool keep_error_status = false;  // the error page's response takes `error_status` as its own
  bool internal = false;           // the path is no longer the client's own: `internal` locations are open
  // Of the request's path, for pipeline/path.h. It is no client's target: nobody saw to its slash and its "..".
  bool path_made = false;
  // By try_files in a regex location with an alias: the file's name is the alias and all of the path.
  bool path_below_alias = false;
};

class Exchange : public PlainExchange {
 public:
  static constexpr int kMaxReroutes = 10;

  Exchange() = default;
  ~Exchange() { DropContexts(); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Settings of type `S` in the place that serves this request: the location, or the server before one is chosen.
  template <class S>
  [[nodiscard]] const S& settings() const {
    return settings_->Get<S>();
  }

  // That place has a reason to collect the request's body before it answers (pipeline/client_body.h).
  [[nodiscard]] bool collects_body() const { return CollectsBody(*settings_); }

  // Makes a `T` what this waits for; a handler returns the outcome. REQUIRES: it does not wait.
  template <class T, class... Args>
  [[nodiscard]] Outcome Await(Args&&... args) {
    awaiting_ = std::make_unique<T>(std::forward<Args>(args)...);
    return Outcome::Await();
  }
  // Null unless it waits.
  [[nodiscard]] Awaiting* awaiting() const { return awaiting_.get(); }

  // Of a child exchange (pipeline/child.h): what made it. Null for what a client has asked for.
  [[nodiscard]] Exchange* parent() const { return parent_; }
  // What a client has asked for: this, or the parent of all parents.
  [[nodiscard]] Exchange& main() { return parent_ == nullptr ? *this : parent_->main(); }

  // Its children that live, the latest first.
  [[nodiscard]] ChildExchange* children() const { return children_; }

  // Chooses `path` (and `args`) anew: a handler sets them and returns Outcome::Reroute(). Both are copied to the arena.
  // The path may be made of variables: should it climb, no file is found under it.
  void SetPath(std::string_view path, std::string_view args);

  // Chooses what the text of a directive names: "@name", or a path with or without "?args", as SetPath().
  void GoTo(std::string_view target);

  // Is served by `location` from now on, with its settings. A handler that calls this returns Outcome::Enter(), unless it
  // answers. REQUIRES: it outlives the exchange.
  void Enter(const site::Location& location);

  // Gives the head's bytes a new home: every view into [from, from + size) is moved by the distance to `to`, those of
  // child exchanges, too. What a module keeps of its own is not known here: it takes views of the request anew when it
  // is resumed.
  void MoveHead(const char* from, std::size_t size, const char* to);

  // What a module keeps for this exchange from one of its hooks to another: one of each type, made when it is first
  // asked for. It outlives redirections inside the server and whatever waits, and is destroyed after the log.
  template <class T>
  [[nodiscard]] T& context();

  // Ready for the next request; memory is kept.
  void Reset();

  http::Request request;
  RequestBody body;  // of the request
  Response response;
  util::Arena arena;
  Services* services = nullptr;  // of the worker; outlives every exchange
  site::Values values;           // of the configuration's own variables, and $1 to $9

 private:
  friend class ChildExchange;
  friend class Runner;

  // A module's context, in the arena.
  struct Context {
    const void* type;
    void* value;
    void (*destroy)(void* value);
  };
  template <class T>
  static inline const char kType = 0;  // its address tells types apart

  void DropContexts();

  const site::SettingsSet* settings_ = nullptr;
  std::unique_ptr<Awaiting> awaiting_;
  // Where it waits: the handler in its list, which is the server's or the location's.
  const std::vector<site::Handler>* handlers_ = nullptr;
  std::size_t handler_ = 0;
  std::vector<Context> contexts_;
  Exchange* parent_ = nullptr;
  ChildExchange* children_ = nullptr;  // those that live, the latest first
  int depth_ = 0;                      // how many parents there are
  std::uint32_t children_made_ = 0;    // of a main exchange: by it and by all below it
};

template <class T>
T& Exchange::context() {
  static_assert(alignof(T) <= alignof(std::max_align_t));
  for (const Context& one : contexts_) {
    if (one.type == &kType<T>) return *static_cast<T*>(one.value);
  }
  T* const value = new (arena.Allocate(sizeof(T), alignof(T))) T();
  contexts_.push_back({&kType<T>, value, [](void* gone) { static_cast<T*>(gone)->~T(); }});
  return *value;
}

}  // namespace colmeia::pipeline
