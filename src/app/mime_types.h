// conf/mime.types, embedded into the program at build time: for `colmeia serve`, which has no configuration file.
#pragma once

#include <string_view>

namespace colmeia::app {

// A `types` block in the configuration language.
[[nodiscard]] std::string_view MimeTypes();

}  // namespace colmeia::app
