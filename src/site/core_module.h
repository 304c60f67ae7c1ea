// What the core directives of one block said, as far as the site builder needs to know it: addresses, names, blocks.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "config/source.h"
#include "log/level.h"
#include "site/core_settings.h"
#include "site/module.h"
#include "sys/sockets.h"

namespace colmeia::site {

// One `listen` directive.
struct ListenDraft {
  PlacedText address;
  bool default_server = false;
  std::optional<int> backlog;
  bool reuseport = false;
  std::optional<bool> ipv6only;
  bool bind = false;
  sys::SocketTuning tuning{};

  // Options of the socket itself may be set once per address.
  [[nodiscard]] bool sets_options() const {
    return backlog || reuseport || ipv6only || bind || tuning != sys::SocketTuning{};
  }
};

struct ErrorPageDraft {
  std::vector<http::Status> statuses;
  std::optional<http::Status> overwrite;
  bool take_status = false;
  PlacedText target;
};

struct CoreDraft {
  std::optional<PlacedText> root;
  bool root_is_alias = false;
  std::optional<http::MimeTypes> types;
  std::optional<std::string> default_type;
  std::optional<bool> sendfile;
  std::optional<std::uint64_t> sendfile_max_chunk;
  std::optional<bool> tcp_nopush;
  std::optional<bool> tcp_nodelay;
  std::optional<bool> log_not_found;
  std::optional<bool> log_subrequest;
  std::optional<http::EtagForm> etag;
  std::optional<bool> internal;
  std::optional<util::Milliseconds> keepalive_timeout;
  std::optional<util::Milliseconds> keepalive_header;
  std::optional<util::Milliseconds> keepalive_time;
  std::optional<std::uint32_t> keepalive_requests;
  std::optional<util::Milliseconds> send_timeout;
  std::optional<util::Milliseconds> client_header_timeout;
  std::optional<util::Milliseconds> client_body_timeout;
  std::optional<util::Milliseconds> lingering_time;
  std::optional<util::Milliseconds> lingering_timeout;
  std::optional<std::uint64_t> client_header_buffer_size;
  std::optional<BufferSizes> large_client_header_buffers;
  std::optional<std::uint32_t> max_headers;
  std::optional<std::uint64_t> client_max_body_size;
  std::optional<bool> reset_timedout_connection;
  std::optional<bool> ignore_invalid_headers;
  std::optional<bool> underscores_in_headers;
  std::optional<PlacedText> limit_rate;
  std::optional<PlacedText> limit_rate_after;
  std::optional<ServerTokens> server_tokens;
  std::optional<bool> absolute_redirect;
  std::optional<bool> port_in_redirect;
  std::optional<bool> server_name_in_redirect;
  std::vector<ErrorPageDraft> error_pages;
  std::vector<std::pair<PlacedText, log::Level>> error_logs;

  // Of a server block.
  std::vector<ListenDraft> listens;
  std::vector<PlacedText> server_names;
};

// The rows of the core directives.
[[nodiscard]] std::span<const config::Directive> CoreDirectives();

// The module of CoreSettings and CoreDraft; it stands first in every list of modules.
extern const Module kCore;

}  // namespace colmeia::site
