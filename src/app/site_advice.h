// What is not wrong with a configuration and most likely not meant: warnings for its author.
#pragma once

#include <string_view>

#include "config/diagnostic.h"
#include "config/source.h"
#include "site/site.h"

namespace colmeia::app {

// The part of a path that is the same for every request: "/srv/$host/www" stands below "/srv/".
[[nodiscard]] std::string_view FixedPart(std::string_view path);

// Looks at the file system: whether folders that the site names are there. REQUIRES: the site was built from `source`
// without an error.
void Advise(const config::Source& source, const site::Site& site, config::Diagnostics& diagnostics);

}  // namespace colmeia::app
