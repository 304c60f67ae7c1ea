// Exchange: one request and its response, independent of the HTTP version. Handlers read the request and fill the
// response; they know neither sockets nor the loop.
//
// Lifetimes: every string_view of the request points into the head's bytes, which stay valid until Reset() (the
// connection moves them once when the exchange outlives the callback, see MoveHead). What handlers build lives in
// `arena`. Exchanges are pooled by the worker and reused: a warm one allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/fields.h"
#include "http/method.h"
#include "http/status.h"
#include "pipeline/body.h"
#include "pipeline/outcome.h"
#include "site/regex.h"
#include "site/settings.h"
#include "sys/address.h"
#include "util/arena.h"
#include "util/clock.h"

namespace colmeia::site {
struct Location;
struct Server;
}  // namespace colmeia::site

namespace colmeia::pipeline {

struct Services;

// The address that a client connected to. On a wildcard listener only the kernel knows it, and is asked when somebody
// first looks.
class LocalAddress {
 public:
  LocalAddress() = default;
  explicit LocalAddress(const sys::Address* known) : known_(known) {}  // outlives this

  // It is this one, which outlives this; or that of a socket, which is lent. Neither touches more than two words.
  void Know(const sys::Address* known) { known_ = known; }
  void AskLater(int fd) {
    known_ = nullptr;
    fd_ = fd;
  }

  [[nodiscard]] const sys::Address& operator*() const { return known_ != nullptr ? *known_ : Ask(); }
  [[nodiscard]] const sys::Address* operator->() const { return &**this; }

 private:
  const sys::Address& Ask() const;

  const sys::Address* known_ = nullptr;
  mutable sys::Address asked_;
  mutable int fd_ = -1;  // -1 once it was asked
};

// Facts of the connection that an exchange runs on. Owned by the connection, which outlives its exchanges.
struct ConnectionFacts {
  std::uint64_t number = 0;    // $connection, unique within the worker's life
  std::uint32_t requests = 0;  // $connection_requests, this one included
  const sys::Address* peer = nullptr;
  LocalAddress local;  // the address the client connected to
  int fd = -1;         // lent, for getsockopt-like questions only
};

// All of a request that costs nothing to forget.
struct PlainRequest {
  http::Method method = http::Method::kUnknown;
  std::string_view method_text;
  std::string_view line;    // "GET /a?b HTTP/1.1", for $request
  std::string_view target;  // as sent, for $request_uri
  std::string_view path;    // decoded and normalised, for $uri; changed by internal redirects
  std::string_view args;    // after '?', undecoded, for $args
  std::string_view host;    // lower case, without port; from the target or the Host field; may be empty
  int version_minor = 1;    // of HTTP/1.x
  bool head_only = false;   // HEAD: the response's body is not sent
  // Of `path`, for pipeline/path.h. It is no client's target: nobody saw to its slash and its "..".
  bool path_made = false;
  // By try_files in a regex location with an alias: the file's name is the alias and all of the path.
  bool path_below_alias = false;
  std::uint64_t length = 0;  // bytes of the request as received so far, for $request_length
  std::optional<std::uint64_t> content_length;
};

struct Request : PlainRequest {
  http::Fields fields;
};

// The same of a response.
struct PlainResponse {
  http::Status status = http::Status::kOk;
  std::string_view content_type;         // empty = no such field
  bool charset_assumed = false;          // the charset in content_type is a guess: the directive charset knows better
  std::string_view last_modified;        // formatted; empty = no such field
  std::optional<std::int64_t> modified;  // the same in seconds since the epoch
  std::string_view etag;                 // with its quotes; empty = no such field
  bool accepts_ranges = false;           // a known body of bytes that may be cut by Range
  bool close = false;                    // end the connection after this response
  bool withheld = false;                 // it is for the log alone: the connection is closed without an answer
  std::uint64_t bytes_sent = 0;          // head and body handed to the kernel so far, for $bytes_sent
  std::uint64_t body_bytes_sent = 0;     // for $body_bytes_sent; with the framing of a stream
  bool complete = false;                 // all of it was handed to the kernel, for $request_completion; set for the log
};

struct Response : PlainResponse {
  http::Fields fields;  // without Server, Date, Content-Type, Content-Length, Last-Modified, ETag, Connection
  Body body;

  // Another response takes this one's place: all is gone but `close`, for a connection whose state is in doubt.
  void Drop();
  // Takes back what tells versions of a file apart, and whether parts of it can be had: this is no file's response.
  void DropValidators();
};

class Exchange {
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

  // Chooses `path` (and `args`) anew: a handler sets them and returns Outcome::Reroute(). Both are copied to the arena.
  // The path may be made of variables: should it climb, no file is found under it.
  void SetPath(std::string_view path, std::string_view args);

  // Chooses what the text of a directive names: "@name", or a path with or without "?args", as SetPath().
  void GoTo(std::string_view target);

  // Gives the head's bytes a new home: every view into [from, from + size) is moved by the distance to `to`.
  void MoveHead(const char* from, std::size_t size, const char* to);

  // What a module keeps for this exchange from one of its hooks to another: one of each type, made when it is first
  // asked for. It outlives redirections inside the server and whatever waits, and is destroyed after the log.
  template <class T>
  [[nodiscard]] T& context();

  // Ready for the next request; memory is kept.
  void Reset();

  Request request;
  Response response;
  util::Arena arena;
  ConnectionFacts* connection = nullptr;
  Services* services = nullptr;  // of the worker; outlives every exchange
  const site::Server* server = nullptr;
  const site::Location* location = nullptr;
  std::string_view named_location;      // "@name" to enter instead of a search by path; set with Outcome::Reroute()
  std::vector<site::Capture> captures;  // [0] = the whole match; named ones carry their name
  bool makes_error_page = false;        // error_page has named what answers: no page has one in turn
  bool keep_error_status = false;       // the error page's response takes `error_status` as its own
  http::Status error_status = http::Status::kNone;  // whatever the page's handler says, with keep_error_status
  http::Status refusal = http::Status::kNone;       // by a filter: the status of a response to take this one's place
  std::string_view redirect_to;                     // Location, for a response that stays a redirection; else unused
  std::string_view allow;                           // Allow, for a response whose status stays 405; else unused
  std::string_view content_range;                   // Content-Range, for one whose status stays 416; else unused
  int reroutes = 0;
  util::TimePoint started{};  // the first byte of the request, for $request_time

 private:
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
  std::vector<Context> contexts_;
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
