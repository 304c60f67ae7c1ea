#include "site/listen_directive.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "util/strings.h"
#include "util/units.h"

namespace colmeia::site {
namespace {

using config::Call;
using config::Word;

// so_keepalive=on|off|[idle]:[interval]:[count], the first two as times. False when it is not understood.
bool ReadKeepAlive(std::string_view text, sys::SocketTuning& tuning) {
  using KeepAlive = sys::SocketTuning::KeepAlive;
  tuning.keepalive = text == "off" ? KeepAlive::kOff : KeepAlive::kOn;
  if (text == "on" || text == "off") return true;
  const std::vector<std::string_view> parts = util::Split(text, ':');
  if (parts.size() != 3 || text == "::") return false;
  for (const auto& [part, member] : {std::pair(parts[0], &sys::SocketTuning::keepalive_idle),
                                     std::pair(parts[1], &sys::SocketTuning::keepalive_interval)}) {
    if (part.empty()) continue;
    const auto time = util::ParseTime(part);
    const auto seconds = time ? std::chrono::duration_cast<std::chrono::seconds>(*time).count() : 0;
    if (seconds < 1 || seconds > 32767) return false;  // the kernel's limit
    tuning.*member = static_cast<std::int32_t>(seconds);
  }
  if (parts[2].empty()) return true;
  const auto count = util::ParseNumber<std::int32_t>(parts[2]);
  if (!count || *count < 1 || *count > 127) return false;
  tuning.keepalive_count = *count;
  return true;
}

// The options of `listen` that tune the socket. False: it is none of them; an error was reported when it is one and is
// not understood.
bool ReadTuning(const Call& call, const Word& word, sys::SocketTuning& tuning) {
  const std::string_view text = word.text;
  const std::string_view value = text.substr(std::min(text.find('=') + 1, text.size()));
  if (text == "deferred") {
    tuning.deferred = true;
  } else if (text.starts_with("so_keepalive=")) {
    if (!ReadKeepAlive(value, tuning))
      call.InvalidValue(word, "expected so_keepalive=on|off|[idle]:[interval]:[count]");
  } else if (text.starts_with("fastopen=")) {
    const auto number = util::ParseNumber<std::int32_t>(value);
    if (!number || *number < 1) call.InvalidValue(word, "expected fastopen=NUMBER of at least 1");
    tuning.fastopen = number.value_or(0);
  } else if (text.starts_with("rcvbuf=") || text.starts_with("sndbuf=")) {
    const auto size = util::ParseSize(value);
    if (!size || *size < 1 || *size > INT32_MAX) call.InvalidValue(word, "expected a size, such as rcvbuf=64k");
    auto& member = text.starts_with("r") ? tuning.rcvbuf : tuning.sndbuf;
    member = static_cast<std::int32_t>(size.value_or(0));
  } else {
    return false;
  }
  return true;
}

}  // namespace

void AddListen(CoreDraft& draft, const Call& call) {
  ListenDraft listen;
  listen.address = {call.args()[0].text, call.args()[0].span};
  for (const Word& word : call.args().subspan(1)) {
    const std::string_view text = word.text;
    if (text == "default_server" || text == "default") {
      listen.default_server = true;
    } else if (text == "reuseport") {
      listen.reuseport = true;
    } else if (text == "bind") {
      listen.bind = true;
    } else if (text == "ipv6only=on" || text == "ipv6only=off") {
      listen.ipv6only = text.ends_with("on");
    } else if (text.starts_with("backlog=")) {
      const auto backlog = util::ParseNumber<int>(text.substr(8));
      if (!backlog || *backlog < 1) return call.InvalidValue(word, "expected backlog=NUMBER of at least 1");
      listen.backlog = backlog;
    } else if (ReadTuning(call, word, listen.tuning)) {
      continue;
    } else if (text == "ssl" || text == "http2" || text == "quic") {
      return call.InvalidValue(word, "colmeia serves plain HTTP/1.1 only; put a TLS proxy in front of it");
    } else {
      return call.InvalidValue(word,
                               "expected default_server, backlog=NUMBER, reuseport, ipv6only=on|off, bind, deferred, "
                               "fastopen=NUMBER, rcvbuf=SIZE, sndbuf=SIZE or so_keepalive=on|off|...");
    }
  }
  draft.listens.push_back(std::move(listen));
}

}  // namespace colmeia::site
