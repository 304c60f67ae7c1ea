// A site of one server, built by hand, whose answers need no module: for tests of connections.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log/error_log.h"
#include "pipeline/client_body.h"
#include "pipeline/error_response.h"
#include "pipeline/exchange.h"
#include "pipeline/services.h"
#include "session/listener.h"
#include "site/core_settings.h"
#include "site/site.h"
#include "util/strings.h"

namespace colmeia::http1 {

// What the log phase saw of an exchange.
struct Logged {
  std::string line;
  int status = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t body_bytes_sent = 0;
  std::uint64_t request_length = 0;
  bool complete = false;
};

// What "/stream" serves: whatever a test puts into it, when it does.
struct Script {
  std::vector<std::string> chunks;  // to be sent; taken as they are pulled
  bool ends = false;                // after the chunks
  bool breaks = false;
  bool drained = false;
  std::optional<std::uint64_t> length;  // that the source says it has
  int alive = 0;
  int pulls = 0;
  std::function<void()> wake;
};

class ScriptedStream final : public pipeline::TextSource {
 public:
  explicit ScriptedStream(Script& script) : script_(script) {
    ++script_.alive;
    script_.wake = [this] { Wake(); };
  }
  ~ScriptedStream() override {
    --script_.alive;
    script_.wake = nullptr;
  }
  Pulled Write(std::string& out) override {
    ++script_.pulls;
    if (script_.breaks) return Pulled::kBroken;
    if (!script_.chunks.empty()) {
      out += script_.chunks.front();
      script_.chunks.erase(script_.chunks.begin());
      return Pulled::kMore;
    }
    return script_.ends || script_.drained ? Pulled::kLast : Pulled::kWait;
  }
  [[nodiscard]] std::optional<std::uint64_t> length() const override { return script_.length; }
  void Drain() override { script_.drained = true; }

 private:
  Script& script_;  // outlives this
};

// What "/wait" waits for: a test that says so.
struct Patience {
  int alive = 0;
  std::function<void()> wake;
};

class ScriptedWait final : public pipeline::Awaiting {
 public:
  explicit ScriptedWait(Patience& patience) : patience_(patience) {
    ++patience_.alive;
    patience_.wake = [this] { Ready(); };
  }
  ~ScriptedWait() override {
    --patience_.alive;
    patience_.wake = nullptr;
  }
  pipeline::Outcome Resume(pipeline::Exchange& ex) override {
    ex.response.content_type = "text/plain";
    ex.response.body.Add(pipeline::Piece::Memory(ex.request.target));  // a view of the head
    return pipeline::Outcome::Done();
  }

 private:
  Patience& patience_;  // outlives this
};

class SmallSite {
 public:
  SmallSite() {
    site::SettingsIndex<site::CoreSettings>::value = 0;
    site::SettingsIndex<pipeline::ClientBodySettings>::value = 1;
    bodies.buffer_size = 8192;
    current_ = this;
    file_ = ::memfd_create("small_site", MFD_CLOEXEC);
    services.error_logs = {&error_log};
    services.hostname = "hive";
  }
  ~SmallSite() { ::close(file_); }
  SmallSite(const SmallSite&) = delete;
  SmallSite& operator=(const SmallSite&) = delete;

  // Settings may be changed until the first call.
  session::Listener& listener() {
    if (listener_ == nullptr) Build();
    return *listener_;
  }

  // "/file" serves this.
  void SetFile(std::string_view bytes) {
    EXPECT_EQ(::ftruncate(file_, 0), 0);
    EXPECT_EQ(::pwrite(file_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    file_size_ = bytes.size();
  }
  void CutFile(std::size_t size) { EXPECT_EQ(::ftruncate(file_, static_cast<off_t>(size)), 0); }

  site::CoreSettings core;
  pipeline::ClientBodySettings bodies;
  std::function<pipeline::Outcome(pipeline::Exchange&)> custom;  // what "/custom" does
  pipeline::Services services;
  log::ErrorLog error_log;
  std::vector<Logged> logged;
  Script script;
  Patience patience;
  int handled = 0;

 private:
  static pipeline::Outcome Answer(pipeline::Exchange& ex) {
    SmallSite& site = *current_;
    ++site.handled;
    pipeline::Response& response = ex.response;
    const std::string_view path = ex.request.path;
    const auto add = [&](std::string_view bytes) { response.body.Add(pipeline::Piece::Memory(bytes)); };
    response.content_type = "text/plain";
    if (path == "/hello") {
      add("hello\n");
    } else if (path == "/big") {
      const auto size = util::ParseNumber<std::size_t>(ex.request.args).value_or(0);
      char* const bytes = ex.arena.Allocate(size);
      std::memset(bytes, 'x', size);
      add({bytes, size});
    } else if (path == "/file") {
      add("[");
      response.body.Add(pipeline::Piece::File(site.file_, 0, site.file_size_));
      add("]");
    } else if (path == "/target") {
      add(ex.request.target);  // a view of the head
    } else if (path == "/host") {
      add(ex.request.host);
    } else if (path == "/tagged") {
      response.etag = "\"abc\"";
      response.last_modified = "Sun, 06 Nov 1994 08:49:37 GMT";
      response.accepts_ranges = true;
      add("tagged\n");
    } else if (path == "/stream") {
      response.body.SetSource(std::make_unique<ScriptedStream>(site.script));
    } else if (path == "/wait") {
      return ex.Await<ScriptedWait>(site.patience);
    } else if (path == "/custom") {
      return site.custom(ex);
    } else if (path == "/304") {
      response.status = http::Status::kNotModified;
      response.etag = "\"abc\"";
    } else if (path == "/204") {
      response.status = http::Status::kNoContent;
    } else if (path == "/444") {
      return pipeline::RespondBare(ex, http::Status::kClose);
    } else {
      return pipeline::Outcome::Respond(http::Status::kNotFound);
    }
    return pipeline::Outcome::Done();
  }

  static void Log(pipeline::Exchange& ex) {
    current_->logged.push_back({std::string(ex.request.line), http::Code(ex.response.status), ex.response.bytes_sent,
                                ex.response.body_bytes_sent, ex.request.length, ex.response.complete});
  }

  void Build() {
    server_ = std::make_unique<site::Server>();
    server_->name = "small";
    server_->self = std::make_unique<site::Location>();
    site::Location& self = *server_->self;
    self.kind = site::LocationKind::kServer;
    self.settings = site::SettingsSet({std::make_shared<const site::CoreSettings>(core),
                                       std::make_shared<const pipeline::ClientBodySettings>(bodies)});
    self.handlers = {Answer};
    self.loggers = {Log};
    server_->table.Finish();
    socket_.address = sys::Address::FromIp("127.0.0.1", 80).value();
    socket_.name = "127.0.0.1:80";
    socket_.hosts.SetDefault(server_.get());
    listener_ = std::make_unique<session::Listener>(socket_);
  }

  static inline SmallSite* current_ = nullptr;
  std::unique_ptr<site::Server> server_;
  site::ListenSocket socket_;
  std::unique_ptr<session::Listener> listener_;
  int file_ = -1;
  std::size_t file_size_ = 0;
};

}  // namespace colmeia::http1
