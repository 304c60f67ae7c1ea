// The reference page of all directives, generated from their rows: conf/REFERENCE.md. A test compares the two.
#pragma once

#include <string>

#include "config/registry.h"

namespace colmeia::config {

// Markdown, one section per module in the registry's order, one entry per row.
[[nodiscard]] std::string Reference(const Registry& registry);

}  // namespace colmeia::config
