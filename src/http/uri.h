// Request targets (RFC 9112 section 3.2): which form it is, and the path that it means.
//
// The path is decoded exactly once, then dot segments are resolved and neighbouring slashes merged (nginx's
// merge_slashes on), so that "/%2e%2e/x" and "/../x" meet the same fate. Nothing here touches the file system.
#pragma once

#include <optional>
#include <string_view>

#include "http/fault.h"
#include "http/method.h"
#include "util/arena.h"

namespace colmeia::http {

enum class TargetForm {
  kOrigin,     // /path?args
  kAbsolute,   // http://host/path?args: its authority overrides the Host field
  kAsterisk,   // * (OPTIONS only)
  kAuthority,  // host:port (CONNECT only)
};

struct Target {
  TargetForm form = TargetForm::kOrigin;
  std::string_view path;       // decoded and normalised, begins with "/"; "*" for kAsterisk, empty for kAuthority
  std::string_view raw_path;   // as it was sent, without arguments and fragment; "/" when an absolute form has none
  std::string_view args;       // as they were sent, without the "?" and without a fragment
  bool has_args = false;       // a "?" was there
  std::string_view authority;  // host[:port] of kAbsolute and kAuthority: valid for SplitHost; otherwise empty
};

// Views in `out` point into `target`, into `arena` or to static text. On a fault `out` is unspecified:
// 400 for everything malformed, 421 for an absolute form with https.
Fault ParseTarget(Method method, std::string_view target, util::Arena& arena, Target& out);

// Decodes and normalises an absolute path. A view into `raw` when nothing had to change, otherwise into `arena`.
// Nothing when an escape is broken, a NUL appears or ".." leads above the root. REQUIRES: `raw` begins with "/".
[[nodiscard]] std::optional<std::string_view> NormalizePath(std::string_view raw, util::Arena& arena);

}  // namespace colmeia::http
