#include "modules/no_effect.h"

#include "config/setters.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Arity;
using config::Directive;
using config::In;

struct Settings {};
struct Draft {};

// Directives

constexpr In kEverywhere = In::kHttp | In::kServer | In::kLocation;

constexpr Directive NoEffect(std::string_view name, In contexts, Arity arity, std::string_view syntax,
                             std::string_view doc) {
  return {.name = name,
          .contexts = contexts,
          .arity = arity,
          .setter = config::SetIgnored,
          .syntax = syntax,
          .default_value = "",
          .doc = doc};
}

constexpr Directive TempPath(std::string_view name) {
  return NoEffect(name, kEverywhere, Args(1, 4), "path [level1 [level2 [level3]]]",
                  "Accepted without effect: what it is for is not part of colmeia.");
}

constexpr Directive kDirectives[] = {
    NoEffect("load_module", In::kMain, Args(1), "file",
             "Accepted without effect: modules of nginx cannot be loaded, and colmeia's own are compiled in."),
    NoEffect("lock_file", In::kMain, Args(1), "file",
             "Accepted without effect: listeners are shared without a lock file."),
    NoEffect("gzip_window", kEverywhere, Args(1), "size",
             "Accepted without effect: the window is chosen by the length of the response."),
    NoEffect("gzip_hash", kEverywhere, Args(1), "size",
             "Accepted without effect: memory is chosen by the length of the response."),
    NoEffect("gzip_no_buffer", kEverywhere, Args(1), "on | off",
             "Accepted without effect: a response that pauses is flushed."),
    NoEffect("postpone_gzipping", kEverywhere, Args(1), "size",
             "Accepted without effect: compressing begins when the client can take the first bytes."),
    NoEffect("connection_pool_size", In::kHttp | In::kServer, Args(1), "size",
             "Accepted without effect: there are no memory pools of fixed size."),
    NoEffect("request_pool_size", In::kHttp | In::kServer, Args(1), "size",
             "Accepted without effect: there are no memory pools of fixed size."),
    TempPath("proxy_temp_path"),
    TempPath("fastcgi_temp_path"),
    TempPath("uwsgi_temp_path"),
    TempPath("scgi_temp_path"),
};

// Merge

Settings Merge(const Settings&, const Draft&, site::MergeContext&) { return {}; }

}  // namespace

// Export

const site::Module kNoEffect = site::DefineModule<Settings, Draft, Merge>("no_effect", kDirectives);

}  // namespace colmeia::modules
