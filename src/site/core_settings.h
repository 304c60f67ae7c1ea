// The settings that the pipeline and the connection themselves need: nginx's "core" directives of http, server and
// location. Defaults live here and only here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/etag.h"
#include "http/mime.h"
#include "http/status.h"
#include "site/size_value.h"
#include "site/template.h"
#include "util/clock.h"

namespace colmeia::site {

// `error_page 404 =200 /x;`: what answers instead of the built-in page.
struct ErrorPage {
  http::Status status = http::Status::kOk;  // the code it replaces
  std::optional<http::Status> overwrite;    // `=200`; with `take_status` the page's own status counts
  bool take_status = false;                 // a bare `=`
  Template target;                          // a path, "@name" or a URL to redirect to
};

enum class ServerTokens { kOff, kOn };

struct BufferSizes {
  std::uint32_t count = 4;
  std::uint64_t size = 8192;
};

// As CoreSettings::alias: a regex location's alias is the whole file name.
inline constexpr std::size_t kWholePath = static_cast<std::size_t>(-1);

struct CoreSettings {
  // Files
  Template root;                     // resolved against the prefix unless it begins with a variable; "html" by default
  std::optional<std::size_t> alias;  // `root` replaces so many bytes of the path instead of preceding it
  std::string prefix;                // -p, with a slash at the end
  std::shared_ptr<const http::MimeTypes> types;
  std::string default_type = "text/plain";
  bool sendfile = false;
  std::uint64_t sendfile_max_chunk = 512u << 10;
  bool tcp_nopush = false;
  bool tcp_nodelay = true;
  bool log_not_found = true;
  bool log_subrequest = false;  // child exchanges (pipeline/child.h) are in the access log
  http::EtagForm etag = http::EtagForm::kOn;
  bool internal = false;

  // Connections
  util::Milliseconds keepalive_timeout{75000};
  std::optional<util::Milliseconds> keepalive_header;  // second argument: the Keep-Alive field
  util::Milliseconds keepalive_time{3600000};
  std::uint32_t keepalive_requests = 1000;
  util::Milliseconds send_timeout{60000};
  util::Milliseconds client_header_timeout{60000};
  util::Milliseconds client_body_timeout{60000};
  util::Milliseconds lingering_time{30000};
  util::Milliseconds lingering_timeout{5000};
  std::uint64_t client_header_buffer_size = 1024;
  BufferSizes large_client_header_buffers;
  std::uint32_t max_headers = 1000;
  std::uint64_t client_max_body_size = 1u << 20;  // 0 = no limit
  bool reset_timedout_connection = false;
  bool ignore_invalid_headers = true;
  bool underscores_in_headers = false;

  // Responses
  SizeValue limit_rate;        // bytes a second of one response; 0 = no limit
  SizeValue limit_rate_after;  // so many bytes are free of it
  ServerTokens server_tokens = ServerTokens::kOn;
  bool absolute_redirect = true;
  bool port_in_redirect = true;
  bool server_name_in_redirect = false;
  std::vector<ErrorPage> error_pages;
  std::uint32_t error_log = 0;  // ordinal in Site::error_logs
};

}  // namespace colmeia::site
