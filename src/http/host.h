// uri-host [":" port] of RFC 9110 section 7.2, as in a Host field or an authority.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "util/arena.h"

namespace colmeia::http {

struct HostPort {
  std::string_view host;   // as sent, without port and without a trailing dot; "[::1]" keeps its brackets
  std::uint16_t port = 0;  // 0: none was given
  bool is_lower = true;    // no letter of `host` is a capital
};

// The parts of a valid host, views into `text`; nothing for an empty or malformed one: a user name, a slash, a port
// beyond 65535, brackets around anything but an IPv6 address, two dots in a row. A port may be empty ("example.org:").
// Escapes in a reg-name are legal and left alone.
[[nodiscard]] std::optional<HostPort> SplitHost(std::string_view text);

// The host in lower case: `host.host` itself when it is so already, otherwise a copy in `arena`.
[[nodiscard]] std::string_view LowercaseHost(const HostPort& host, util::Arena& arena);

// SplitHost, for one text after another of which most are the same: what the last valid one meant is remembered.
class HostMemo {
 public:
  // As SplitHost(text): a view into `text`, not into this.
  [[nodiscard]] std::optional<HostPort> Split(std::string_view text);

 private:
  std::string text_;      // empty: none yet
  HostPort parts_;        // of text_, but for the view
  std::size_t size_ = 0;  // of the host, with which every text begins
};

}  // namespace colmeia::http
