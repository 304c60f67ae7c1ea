// Load: reads a configuration file and everything it includes into one Source.
//
// `include PATTERN;` is expanded wherever a directive may stand, in every block: relative patterns start at the folder
// of the main file, matches of a glob are sorted, a glob without a match is fine, a plain file that is missing is an
// error. An included file must be whole in itself (quotes, directives, blocks); one that is not is reported and left
// out, so that the rest can still be checked. Everything else is left to config/tree.h and config/applier.h.
#pragma once

#include <string>

#include "config/diagnostic.h"
#include "config/progress.h"
#include "config/source.h"

namespace colmeia::config {

struct LoadOptions {
  std::string prefix;            // -p: absolute, with a slash at its end
  std::string conf_path;         // -c: relative paths start at prefix
  std::string extra_directives;  // -g: stands before the file's text, as file "command line"
  std::string error_log;         // -e: only handed on
  Progress* progress = nullptr;  // told of each file before it is read; may be null
};

// Mistakes go to `diagnostics`; the Source holds what could be read.
[[nodiscard]] Source Load(const LoadOptions& options, Diagnostics& diagnostics);

}  // namespace colmeia::config
