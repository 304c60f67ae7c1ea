#include "config/unsupported.h"

namespace colmeia::config {

namespace {

constexpr std::string_view kRewriteAdvice = "\"return\" and \"try_files\" it does have";
constexpr std::string_view kTlsAdvice = "put a TLS proxy in front of it";

constexpr Unsupported kUnsupported[] = {
    // Whole modules, by the beginning of their directives' names.
    {"ssl_*", "ssl", kTlsAdvice},
    {"ssl", "ssl", kTlsAdvice},
    {"proxy_*", "proxy", ""},
    {"fastcgi_*", "fastcgi", ""},
    {"uwsgi_*", "uwsgi", ""},
    {"scgi_*", "scgi", ""},
    {"grpc_*", "grpc", ""},
    {"memcached_*", "memcached", ""},
    {"auth_basic*", "auth_basic", ""},
    {"auth_request*", "auth_request", ""},
    {"auth_jwt*", "auth_jwt", ""},
    {"charset_map", "charset", "it names charsets, and converts nothing"},
    {"source_charset", "charset", "it names charsets, and converts nothing"},
    {"sub_filter*", "sub", ""},
    {"ssi_*", "ssi", ""},
    {"ssi", "ssi", ""},
    {"xslt_*", "xslt", ""},
    {"xml_entities", "xslt", ""},
    {"image_filter*", "image_filter", ""},
    {"dav_*", "dav", ""},
    {"create_full_put_path", "dav", ""},
    {"min_delete_depth", "dav", ""},
    {"http2*", "v2", ""},
    {"http3*", "v3", ""},
    {"quic_*", "v3", ""},
    {"js_*", "js", ""},
    {"lua_*", "lua", ""},
    {"perl*", "perl", ""},
    {"otel_*", "otel", ""},
    {"secure_link*", "secure_link", ""},
    {"userid*", "userid", ""},
    {"random_index", "random_index", ""},
    {"add_trailer*", "headers", "only \"add_header\" and \"expires\" it does have"},
    {"mirror*", "mirror", ""},
    {"slice", "slice", ""},
    {"mp4*", "mp4", ""},
    {"flv", "flv", ""},
    {"hls*", "hls", ""},
    {"empty_gif", "empty_gif", "\"return 204\" answers without a body"},
    {"modern_browser*", "browser", ""},
    {"ancient_browser*", "browser", ""},
    {"valid_referers", "referer", ""},
    {"referer_hash_*", "referer", ""},
    {"real_ip_*", "realip", ""},
    {"set_real_ip_from", "realip", ""},
    {"geoip_*", "geoip", ""},
    {"geo", "geo", ""},
    {"map", "map", ""},
    {"map_hash_*", "map", ""},
    {"split_clients", "split_clients", ""},
    {"upstream", "upstream", ""},
    {"upstream_*", "upstream", ""},
    {"keepalive", "upstream", ""},
    {"stream", "stream", ""},
    {"mail", "mail", ""},
    {"google_perftools_profiles", "google_perftools", ""},
    {"rewrite", "rewrite", kRewriteAdvice},
    {"rewrite_log", "rewrite", kRewriteAdvice},
    {"if", "rewrite", kRewriteAdvice},
    {"set", "rewrite", kRewriteAdvice},
    {"break", "rewrite", kRewriteAdvice},
    {"uninitialized_variable_warn", "rewrite", kRewriteAdvice},
    {"open_log_file_cache", "log", ""},

    // nginx's core, main and events.
    {"debug_connection", "", ""},
    {"debug_points", "", ""},
    {"timer_resolution", "", ""},
    {"worker_aio_requests", "", ""},
    {"worker_rlimit_core", "", ""},

    // nginx's http core.
    {"aio_write", "", ""},
    {"auth_delay", "", ""},
    {"chunked_transfer_encoding", "", ""},
    {"directio*", "", ""},
    {"disable_symlinks", "", ""},
    {"early_hints", "", ""},
    {"keepalive_disable", "", ""},
    {"keepalive_min_timeout", "", ""},
    {"limit_except", "", ""},
    {"lingering_*", "", ""},
    {"merge_slashes", "", ""},
    {"msie_*", "", ""},
    {"output_buffers", "", ""},
    {"postpone_output", "", ""},
    {"read_ahead", "", ""},
    {"recursive_error_pages", "", ""},
    {"resolver*", "", ""},
    {"satisfy", "", ""},
    {"send_lowat", "", ""},
    {"subrequest_output_buffer_size", "", ""},
    {"variables_hash_*", "", "its tables size themselves"},
};

}  // namespace

const Unsupported* FindUnsupported(std::string_view name) {
  for (const Unsupported& row : kUnsupported) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const Unsupported* FindUnsupportedFamily(std::string_view name) {
  const Unsupported* best = nullptr;
  for (const Unsupported& row : kUnsupported) {
    if (row.name.back() != '*') continue;
    const std::string_view prefix = row.name.substr(0, row.name.size() - 1);
    const bool longer = best == nullptr || row.name.size() > best->name.size();
    if (longer && name.substr(0, prefix.size()) == prefix) best = &row;
  }
  return best;
}

std::string FactOf(const Unsupported& unsupported) {
  std::string out = unsupported.module.empty() ? std::string("is a directive of nginx that colmeia does not have")
                                               : "belongs to nginx's " + std::string(unsupported.module) +
                                                     " module, which colmeia does not have";
  if (!unsupported.advice.empty()) out.append("; ").append(unsupported.advice);
  return out;
}

}  // namespace colmeia::config
