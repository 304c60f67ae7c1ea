#include "pipeline/path.h"

#include "pipeline/core_settings.h"
#include "pipeline/exchange.h"
#include "pipeline/site.h"

namespace colmeia::pipeline {
namespace {

// A root given as a plain text was made absolute while compiling; one with variables may still turn out relative.
std::string_view Absolute(Exchange& exchange, std::string_view root) {
  const CoreSettings& core = exchange.settings<CoreSettings>();
  return root.starts_with('/') ? root : exchange.arena.Concat(core.prefix, root);
}

}  // namespace

std::string_view DocumentRoot(Exchange& exchange) {
  return Absolute(exchange, exchange.settings<CoreSettings>().root.Evaluate(exchange));
}

std::string_view MapPath(Exchange& exchange, std::string_view path) {
  const CoreSettings& core = exchange.settings<CoreSettings>();
  const std::string_view root = DocumentRoot(exchange);
  std::string_view rest = path;
  if (core.alias) {
    // The location's name gives way to the alias; with a regex the alias is the whole file name.
    const Location& location = *exchange.location;
    rest = location.kind == LocationKind::kRegex ? std::string_view{} : path.substr(std::min(path.size(), location.name.size()));
  }
  const std::string_view with_end = exchange.arena.Concat(root, rest, std::string_view("\0", 1));
  return with_end.substr(0, with_end.size() - 1);
}

}  // namespace colmeia::pipeline
