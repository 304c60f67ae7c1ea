// The effective configuration as a page: what counts, where each value was said, and which values are defaults.
//
// Includes are expanded, -g stands where it was added, comments are gone. It checks nothing: give it a source that was
// compiled without an error.
#pragma once

#include <string>

#include "config/registry.h"
#include "config/source.h"

namespace colmeia::config {

// A line per directive, "file:line" behind it as a comment; then, in main, events and http, the defaults of what was
// not written there.
[[nodiscard]] std::string Effective(const Source& source, const Registry& registry);

}  // namespace colmeia::config
