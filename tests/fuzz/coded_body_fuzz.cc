// Fuzzes body filters around each other, over a source that cuts its bytes, pauses and waits as the input says: what
// went through gzip and gunzip is the same, and what is no gzip ends, too.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "coding/coder.h"
#include "log/error_log.h"
#include "pipeline/coded_body.h"
#include "pipeline/exchange.h"
#include "pipeline/runner.h"
#include "pipeline/services.h"
#include "site/core_settings.h"
#include "site/site.h"
#include "util/check.h"

namespace {

using namespace colmeia;
using pipeline::BodySource;
using pipeline::CodedBody;
using pipeline::Piece;

// Each byte that steers says what comes next.
class CutSource final : public BodySource {
 public:
  CutSource(std::string_view steer, std::string_view bytes) : steer_(steer), bytes_(bytes) {}
  Pulled Next(Piece& out) override {
    if (steer_.empty()) {
      out = Piece::Memory(bytes_);
      return Pulled::kLast;
    }
    const auto step = static_cast<std::uint8_t>(steer_.front());
    steer_.remove_prefix(1);
    if (step == 255) return Pulled::kWait;
    out = Piece::Memory(bytes_.substr(0, step));
    bytes_.remove_prefix(out.memory.size());
    return Pulled::kMore;
  }

 private:
  std::string_view steer_;
  std::string_view bytes_;
};

struct Bench {
  Bench() {
    site::SettingsIndex<site::CoreSettings>::value = 0;
    server.self = std::make_unique<site::Location>();
    server.self->kind = site::LocationKind::kServer;
    server.self->settings = site::SettingsSet({std::make_shared<const site::CoreSettings>()});
    services.error_logs = {&silent};
    exchange.services = &services;
    exchange.connection = &facts;
    exchange.server = &server;
    pipeline::Runner::Refuse(exchange, http::Status::kNotFound);
    exchange.response.body.Clear();
  }
  log::ErrorLog silent;
  pipeline::Services services;
  pipeline::ConnectionFacts facts;
  site::Server server;
  pipeline::Exchange exchange;
};

// Nothing when it broke.
bool PullAll(BodySource& source, std::size_t most, std::string& out) {
  for (std::size_t pulls = 0;; ++pulls) {
    CHECK(pulls <= most);
    Piece piece;
    switch (source.Next(piece)) {
      case BodySource::Pulled::kMore:
      case BodySource::Pulled::kWait:
        out += piece.memory;
        break;
      case BodySource::Pulled::kLast:
        out += piece.memory;
        return true;
      case BodySource::Pulled::kBroken:
        return false;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Bench bench;
  if (size < 3) return 0;
  const std::size_t room = std::size_t{1} + data[0] * std::size_t{data[0]};
  const int level = 1 + data[1] % 9;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t steered = std::min<std::size_t>(data[2], rest.size());
  const std::string_view steer = rest.substr(0, steered);
  const std::string_view bytes = rest.substr(steered);
  const auto gzip = [level] { return coding::MakeGzipEncoder({.level = level}); };
  const std::size_t most = 100'000 + size * 4096;

  CodedBody both(
      std::make_unique<CodedBody>(std::make_unique<CutSource>(steer, bytes), bench.exchange, gzip, "deflate()", room),
      bench.exchange, coding::MakeGzipDecoder, "inflate()", room);
  std::string out;
  CHECK(PullAll(both, most, out));
  CHECK(out == bytes);

  CodedBody garbage(std::make_unique<CutSource>(steer, bytes), bench.exchange, coding::MakeGzipDecoder, "inflate()",
                    4096);
  out.clear();
  (void)PullAll(garbage, most, out);

  CodedBody brotli(
      std::make_unique<CutSource>(steer, bytes), bench.exchange,
      [level] { return coding::MakeBrotliEncoder({.level = level - 1}); }, "brotli", room);
  out.clear();
  CHECK(PullAll(brotli, most, out));
  return 0;
}
