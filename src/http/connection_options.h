// The Connection field (RFC 9110 section 7.6.1) and what it says about the connection's life (RFC 9112 section 9.3).
#pragma once

#include <string_view>

namespace colmeia::http {

struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;

  // Takes in one Connection field's value; options of several fields add up.
  void Add(std::string_view value);

  // "close" wins; HTTP/1.1 persists without a word, HTTP/1.0 needs "keep-alive".
  [[nodiscard]] bool Persists(int minor_version) const { return !close && (minor_version >= 1 || keep_alive); }
};

}  // namespace colmeia::http
