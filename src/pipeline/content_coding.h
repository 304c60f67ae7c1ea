// Content codings as every module sees them that has to do with some: which ones this client may be given, and what a
// response says of them. nginx keeps these four directives in its core, too: gzip_vary, gzip_http_version,
// gzip_proxied, gzip_disable.
#pragma once

#include <cstddef>
#include <optional>

#include "http/accept_encoding.h"
#include "site/module.h"

namespace colmeia::pipeline {

class Exchange;

// The directives, and the filter that writes Vary. It stands behind all filters that call VariesByCoding().
extern const site::Module kContentCoding;

// For setters of "gzip_buffers number size": how much may be coded before the client takes it, within bounds; nothing
// after a mistake was reported.
[[nodiscard]] std::optional<std::size_t> ReadBuffers(const config::Call& call);

// What holds where nobody says so.
inline constexpr std::size_t kUsualBuffers = 64 * 1024;

// What Accept-Encoding says. A child exchange's reader is its parent, which takes bytes as they are.
[[nodiscard]] http::AcceptedCodings CodingsTaken(const Exchange& exchange);

// Whether gzip may be used for this client, whatever Accept-Encoding says: by its version, by proxies on its way (Via)
// and what the response says to caches, and by its name.
[[nodiscard]] bool MayUseGzip(Exchange& exchange);

// The same, and Accept-Encoding asks for it.
[[nodiscard]] bool WantsGzip(Exchange& exchange);

// Whether gzip_vary is on here.
[[nodiscard]] bool SaysVary(const Exchange& exchange);

// Another client could be given another coding of the same resource: with gzip_vary, the response says so.
void VariesByCoding(Exchange& exchange);

// The body is no longer the bytes of a file, but means the same: a strong tag becomes a weak one, and no parts can be
// had (RFC 9110 section 8.8.1).
void WeakenValidators(Exchange& exchange);

}  // namespace colmeia::pipeline
